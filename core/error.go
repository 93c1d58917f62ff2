package core

import (
	"context"
	"errors"
	"fmt"
)

// A Code says what kind of failure an error is. Codes survive the wire; only Unavailable is retried.
type Code uint8

// The closed list of codes.
const (
	Internal    Code = iota // a bug: nothing the user did
	Invalid                 // the request, the configuration or an argument is wrong
	NotFound                // the object or name does not exist
	Denied                  // credentials are missing, wrong or expired
	Unavailable             // try again: the network, a throttled service, a dead plugin
	Corrupt                 // bytes do not decode; set only where bytes are decoded
	Unsupported             // well-formed, but not something zagg can do
)

var codeNames = [...]string{"internal", "invalid", "not found", "denied", "unavailable", "corrupt", "unsupported"}

// String is the code's name in lower case, as error texts and records spell it.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// An Error carries what was tried, on what (granule, shard, object, key and line), and what kind of failure it was.
type Error struct {
	Code    Code
	Op      string // "h5.Open"
	Subject string // granule, shard, object, or file:line
	Err     error
}

func (e *Error) Error() string {
	text := e.Err.Error()
	subject := Address(e.Subject).String()
	switch {
	case e.Op == "" && subject == "":
	case e.Op == "":
		text = subject + ": " + text
	case subject == "":
		text = e.Op + ": " + text
	default:
		text = e.Op + " " + subject + ": " + text
	}
	return Shown(text)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error whose cause is formatted as by fmt.Errorf; %w works.
func Errorf(code Code, op, subject, format string, args ...any) error {
	return &Error{Code: code, Op: op, Subject: subject, Err: fmt.Errorf(format, args...)}
}

// CodeOf is the code of the outermost Error in err's chain; Unavailable for a deadline or cancellation that carries no
// code; else Internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Unavailable
	}
	return Internal
}
