package hdfrest

import "fmt"

// maxDepth is how deep a body's JSON may nest: points are lists of lists.
const maxDepth = 16

// checkDepth refuses JSON that nests deeper than any that means something here, before it is decoded.
func checkDepth(text []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("byte %d: nested deeper than %d", i, maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
