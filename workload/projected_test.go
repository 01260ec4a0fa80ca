package workload

import (
	"testing"

	"github.com/gabion-security/gabion/pss"
)

func TestOnlyWhatAServiceAccountsTokenComesWithIsAVolumeForIt(t *testing.T) {
	t.Parallel()
	const (
		token     = `{"serviceAccountToken":{"path":"token","expirationSeconds":3607}}`
		root      = `{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}`
		namespace = `{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}`
	)
	for sources, want := range map[string]bool{
		`{"sources":[` + token + `,` + root + `,` + namespace + `]}`:                                                   true,
		`{"defaultMode":420,"sources":[` + token + `]}`:                                                                true,
		`{"sources":[{"serviceAccountToken":{"path":"token"},"secret":null,"configMap":null}]}`:                        true,
		`{"sources":[{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"fieldPath":"metadata.namespace"}}]}}]}`: true,
		`{"sources":[{"downwardAPI":{}}]}`:                                                                             true,
		`{"sources":[]}`:                                                                                               true,
		`{}`:                                                                                                           true,
		`{"sources":[{}]}`:                                                                                             false,
		`{"sources":[null]}`:                                                                                           false,
		`{"sources":[` + token + `,{"secret":{"name":"s"}}]}`:                                                          false,
		`{"sources":[{"serviceAccountToken":{"path":"token"},"secret":{}}]}`:                                           false,
		`{"sources":[{"newKind":{}}]}`:                                                                                 false,
		`{"sources":[{"clusterTrustBundle":{"path":"p"}}]}`:                                                            false,
		`{"sources":[{"serviceAccountToken":{"path":"other"}}]}`:                                                       false,
		`{"sources":[{"serviceAccountToken":{"path":"token","audience":"vault"}}]}`:                                    false,
		`{"sources":[{"configMap":{"name":"other"}}]}`:                                                                 false,
		`{"sources":[{"configMap":{}}]}`:                                                                               false,
		`{"sources":[{"downwardAPI":{"items":[{"path":"namespace"}]}}]}`:                                               false,
		`{"sources":[{"downwardAPI":{"items":[{"path":"other","fieldRef":{"fieldPath":"metadata.namespace"}}]}}]}`:                       false,
		`{"sources":[{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"fieldPath":"metadata.name"}}]}}]}`:                        false,
		`{"sources":[{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v2","fieldPath":"metadata.namespace"}}]}}]}`: false,
	} {
		text := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"volumes":[{"name":"v","projected":` + sources + `}]}}`
		got := podOf(t, Options{Extra: true}, text)
		if got.Extra.Volumes[0].ServiceAccountToken != want || got.Pod.Volumes[0].Sources != pss.VolumeProjected {
			t.Errorf("%s: %+v, want %t", sources, got.Extra.Volumes[0], want)
		}
	}
}
