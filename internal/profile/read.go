package profile

import (
	"errors"
	"fmt"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
)

// Read reads and compiles the one profile in a document of YAML or JSON. The
// error says in one line what is wrong with it: nothing is overlooked, neither a
// field that does not exist nor a second document.
func Read(text []byte) (*Profile, error) {
	documents, err := document.Read(text)
	if err != nil {
		return nil, err
	}
	switch len(documents) {
	case 0:
		return nil, errors.New("no profile is here: the file is empty")
	case 1:
		return Of(documents[0])
	}
	return nil, errors.New("there is more than one document: put each profile into a file of its own")
}

// Of decodes and compiles the profile in a document. The error says in one line
// what is wrong with it.
func Of(d document.Document) (*Profile, error) {
	if !d.Is(v1alpha1.KindPodSecurityProfile) {
		return nil, fmt.Errorf("apiVersion %q and kind %q are no profile: use %s and %s",
			d.APIVersion, d.Kind, v1alpha1.GroupVersion(), v1alpha1.KindPodSecurityProfile)
	}
	var p v1alpha1.PodSecurityProfile
	if err := d.Decode(&p); err != nil {
		return nil, err
	}
	return Compile(&p)
}
