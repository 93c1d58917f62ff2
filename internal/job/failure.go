package job

import (
	"strings"

	"github.com/englacial/zagg/core"
)

// errorPrefix begins the error types of our functions, beside those of Lambda ("Sandbox.Timedout", "Runtime.ExitError").
const errorPrefix = "Zagg."

// ErrorType is the error type that a function ends with which fails with a code: "Zagg.denied".
func ErrorType(code core.Code) string { return errorPrefix + code.String() }

// CodeOfType is the code of an error type of ours; ok is false of another's.
func CodeOfType(errorType string) (code core.Code, ok bool) {
	text, ok := strings.CutPrefix(errorType, errorPrefix)
	return CodeOf(text), ok
}

// CodeOf reads a code in words; what is none is Internal.
func CodeOf(text string) core.Code {
	for c := core.Internal; c <= core.Unsupported; c++ {
		if c.String() == text {
			return c
		}
	}
	return core.Internal
}
