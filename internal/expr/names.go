package expr

import "slices"

// Names are the columns and other values that an expression names, each once, in order: what is called and what stands after a
// dot is not among them. A text that is no expression has none; Compile says what is wrong with it.
func Names(text string) []string {
	tokens, err := lex(&source{text: text})
	if err != nil {
		return nil
	}
	var names []string
	for i, t := range tokens {
		if t.kind != tokenName || i > 0 && tokens[i-1].text == "." || tokens[i+1].text == "(" || slices.Contains(names, t.text) {
			continue
		}
		names = append(names, t.text)
	}
	return names
}
