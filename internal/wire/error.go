package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// trailer is the key under which an error travels behind a call.
const trailer = "zagg-error-bin"

// Bounds of an error's parts, so that it fits into a trailer.
const (
	maxErrorText = 3 << 10
	maxErrorPart = 400
)

// A Refusal is the host's refusal of an ask as the plugin has it: it goes back with its number, so that the host knows its own error
// again.
type Refusal struct {
	Number uint32
	Err    error
}

func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap gives the refusal's own error, with its code.
func (r *Refusal) Unwrap() error { return r.Err }

// ErrorToProto keeps the outermost code, op and subject; the rest is text.
func ErrorToProto(err error) *zaggv1.Error {
	e := &zaggv1.Error{Code: zaggv1.Code(core.CodeOf(err)), Text: cut(err.Error(), maxErrorText)}
	var c *core.Error
	if errors.As(err, &c) && c.Error() == err.Error() {
		e.Op, e.Subject, e.Text = cut(c.Op, maxErrorPart), cut(c.Subject, maxErrorPart), cut(c.Err.Error(), maxErrorText)
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		e.Refused = r.Number
	}
	return e
}

// cut makes text that a message can carry.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// ErrorFromProto is the error; an unknown code is Internal.
func ErrorFromProto(e *zaggv1.Error) *core.Error {
	code := core.Internal
	if c := e.GetCode(); c >= 0 && c <= zaggv1.Code(core.Unsupported) {
		code = core.Code(c)
	}
	text := e.GetText()
	if text == "" {
		text = code.String()
	}
	return &core.Error{Code: code, Op: e.GetOp(), Subject: e.GetSubject(), Err: errors.New(text)}
}

var statusCodes = [...]codes.Code{codes.Internal, codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.Unavailable, codes.DataLoss, codes.Unimplemented}

// Status is an error as a call ends with it: a status and what goes into the trailing metadata.
func Status(err error) (error, metadata.MD) {
	e := ErrorToProto(err)
	b, merr := proto.Marshal(e)
	if merr != nil {
		return status.Error(codes.Internal, merr.Error()), nil
	}
	return status.Error(statusCodes[e.Code], cut(err.Error(), maxErrorPart)), metadata.Pairs(trailer, string(b))
}

// A Failure is how a call failed.
type Failure struct {
	// Err is what the plugin's code answered; nil if the call never came to an answer.
	Err *core.Error
	// Coded says that the answer came with a code of its own, and not as gRPC's status alone.
	Coded bool
	// Refused is the number of the refused ask that caused it; 0: none.
	Refused uint32
	// Status is gRPC's.
	Status codes.Code
	Text   string
}

// FailureOf reads what a call ended with. Without an Error in the trailer the status speaks, unless it is one that gRPC itself
// gives when a connection or a deadline ends: Unavailable, Canceled, DeadlineExceeded.
func FailureOf(err error, md metadata.MD) Failure {
	s := status.Convert(err)
	f := Failure{Status: s.Code(), Text: s.Message()}
	if v := md.Get(trailer); len(v) > 0 {
		var e zaggv1.Error
		if proto.Unmarshal([]byte(v[0]), &e) == nil {
			f.Err, f.Coded, f.Refused = ErrorFromProto(&e), true, e.Refused
			return f
		}
	}
	switch s.Code() {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded:
		return f
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return f
	}
	f.Err = &core.Error{Code: codeOfStatus(s.Code()), Err: fmt.Errorf("%s", cut(s.Message(), maxErrorText))}
	return f
}

func codeOfStatus(c codes.Code) core.Code {
	for i, s := range statusCodes {
		if s == c {
			return core.Code(i)
		}
	}
	return core.Internal
}
