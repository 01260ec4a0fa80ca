package plan

import "github.com/gabion-security/gabion/pss"

// ReadSentence reads a sentence of the audit log: the controls that it names and
// the level that is borne.
func ReadSentence(lv pss.LevelVersion, sentence string) (controls []pss.ID, strictest pss.Level) {
	s := &sighting{policy: lv, sentence: sentence}
	for _, v := range sentenceViolations(s) {
		controls = append(controls, v.Control)
	}
	return controls, bears(s)
}
