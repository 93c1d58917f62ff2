package core

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Code is the kind of an error. Plugin processes transmit codes; only Unavailable is retried.
type Code uint8

// The codes. No others exist.
const (
	Internal    Code = iota // a bug, not caused by the user
	Invalid                 // the request, the configuration or an argument is wrong
	NotFound                // the object or name does not exist
	Denied                  // credentials are missing, wrong or expired
	Unavailable             // may work later: the network, a throttled service, a plugin that died
	Corrupt                 // bytes do not decode; set only by decoders
	Unsupported             // well-formed, but not supported by zagg
)

var codeNames = [...]string{"internal", "invalid", "not found", "denied", "unavailable", "corrupt", "unsupported"}

// String is the code's name in lower case, as error texts and records spell it.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// An Error has the operation that failed, its subject (granule, shard, object, or key and line), and the kind of failure.
type Error struct {
	Code    Code
	Op      string // "read granule"; the name of a Go function ("h5.Open") is for debugging and not in the text
	Subject string // granule, shard, object, or file:line
	Err     error
}

// Error is "op subject: cause". If the cause names the subject too, it appears only there.
func (e *Error) Error() string {
	text := Shown(withoutFunctions(e.Err.Error()))
	op, subject := e.Op, Address(e.Subject).String()
	if isFunction(op) {
		op = ""
	}
	if part, rest, ok := strings.Cut(text, ": "); ok && !names(part, subject) && endsIn(part, subject) {
		text = rest // the cause's subject is a part of this one
	}
	if names(text, subject) {
		first, _, _ := strings.Cut(text, ": ")
		if op != "" && (strings.HasPrefix(text, subject) || names(first, subject) && !strings.Contains(first, " ")) {
			return Shown(op + " " + text)
		}
		subject = ""
	}
	if head := strings.TrimSpace(op + " " + subject); head != "" {
		text = head + ": " + text
	}
	return Shown(text)
}

// withoutFunctions is a text without the functions that strconv's errors begin with.
func withoutFunctions(text string) string {
	const pkg, then = "strconv.", ": parsing "
	for from := 0; ; {
		at := strings.Index(text[from:], pkg)
		if at < 0 {
			return text
		}
		at += from
		name, rest, ok := strings.Cut(text[at+len(pkg):], then)
		if !ok || strings.Trim(name, schemeCharacters) != "" {
			from = at + len(pkg)
			continue
		}
		text = text[:at] + rest
		from = at
	}
}

// isFunction reports whether an operation is the name of a Go function in its package.
func isFunction(op string) bool {
	pkg, name, ok := strings.Cut(op, ".")
	if !ok || pkg == "" || name == "" || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	const inName = schemeCharacters + "_"
	return strings.ToLower(pkg) == pkg && strings.Trim(pkg, inName) == "" && strings.Trim(name, inName) == ""
}

// names reports whether a text has a subject, not as a part of another word. Those that may be words of a language, or numbers, are in
// texts by chance.
func names(text, subject string) bool {
	if len(subject) < 4 || !strings.ContainsAny(subject, "/._:") {
		return false
	}
	for at := 0; ; {
		i := strings.Index(text[at:], subject)
		if i < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(subject):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		at++
	}
}

// endsIn reports whether the last words of a text are a part of a subject.
func endsIn(text, subject string) bool {
	for {
		if names(subject, strings.Trim(text, `"`)) {
			return true
		}
		var ok bool
		if _, text, ok = strings.Cut(text, " "); !ok {
			return false
		}
	}
}

func inWord(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error whose cause is formatted as by fmt.Errorf, including %w.
func Errorf(code Code, op, subject, format string, args ...any) error {
	return &Error{Code: code, Op: op, Subject: subject, Err: fmt.Errorf(format, args...)}
}

// Wrap adds the operation and subject to err and keeps its code. nil stays nil.
func Wrap(err error, op, subject string) error {
	if err == nil {
		return nil
	}
	return &Error{Code: CodeOf(err), Op: op, Subject: subject, Err: err}
}

// Wrapf is Errorf with the code of err; %w in the format stands for err.
func Wrapf(err error, op, subject, format string, args ...any) error {
	return Errorf(CodeOf(err), op, subject, format, args...)
}

// Is reports whether err has this code, as returned by CodeOf.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// CodeOf returns the code of the outermost Error in err's chain; Unavailable for a deadline or cancellation without a code;
// else Internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Unavailable
	}
	return Internal
}
