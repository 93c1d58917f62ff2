package fleet

// Requests to the Invoke API, and what their errors mean.

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/job"
)

// invoke sends an event and waits for the answer. What was throttled or lost on the way is sent again at the fleet's
// pace; what the function answered is final.
func (f *Fleet) invoke(ctx context.Context, label string, event []byte) (*job.Response, error) {
	out, err := f.request(ctx, label, &lambda.InvokeInput{FunctionName: &f.o.Function, Payload: event, LogType: types.LogTypeTail})
	if err != nil {
		return nil, err
	}
	if out.FunctionError != nil {
		return nil, functionError(f.o.Function, label, out)
	}
	var answer job.Response
	if err := json.Unmarshal(out.Payload, &answer); err != nil || answer.StatusCode == 0 {
		return nil, core.Errorf(core.Unsupported, "invoke "+f.o.Function, label, "the answer is not that of a zagg worker: %.200s", out.Payload)
	}
	return &answer, nil
}

// request sends one request until it is accepted, at the fleet's pace.
func (f *Fleet) request(ctx context.Context, label string, in *lambda.InvokeInput) (out *lambda.InvokeOutput, err error) {
	err = f.pace.Send(ctx, func(ctx context.Context) (err error) {
		out, err = f.o.Client.Invoke(ctx, in)
		return err
	})
	if err != nil && ctx.Err() == nil {
		err = f.fail(label, err)
	}
	return out, err
}

// verdictOf says what an error of the API means for the request. Too many open files may be fewer at another moment.
func verdictOf(err error) dispatch.Verdict {
	code, _ := classify(err)
	switch {
	case code != core.Unavailable && !errors.Is(err, syscall.EMFILE):
		return dispatch.Final
	case throttled(err):
		return dispatch.Throttled
	}
	return dispatch.Lost
}

// throttled reports whether Lambda refused a request only because there were too many.
func throttled(err error) bool {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		switch e.ErrorCode() {
		case "TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded", "EC2ThrottledException":
			return true
		}
	}
	e, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && e.HTTPStatusCode() == http.StatusTooManyRequests
}

// functionError explains why a function ended without an answer: with the reason that Lambda gives, a hint, and the
// end of its log.
func functionError(function, label string, out *lambda.InvokeOutput) error {
	var why struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	json.Unmarshal(out.Payload, &why) //nolint:errcheck // another text is shown as it is
	text, hint := why.Message, ""
	code, _ := job.CodeOfType(why.Type)
	if text == "" {
		text = string(bytes.TrimSpace(out.Payload))
	}
	switch {
	case strings.Contains(text, "timed out") || strings.Contains(why.Type, "Timedout"):
		hint = "; give the function more time or memory, or make shards smaller"
	case strings.Contains(text, "signal: killed") || strings.Contains(why.Type, "OutOfMemory"):
		hint = "; give the function more memory, or make shards smaller"
	}
	log, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult)) //nolint:errcheck // then there is no log
	return core.Errorf(code, "invoke "+function, label, "the function failed: %.300s%s%s", text, hint, lastLines(log))
}

// lastLines are the last three lines of a log that say something, at most 1,000 bytes.
func lastLines(log []byte) string {
	var said []string
	for line := range strings.Lines(string(log)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "START ") && !strings.HasPrefix(line, "END ") && !strings.HasPrefix(line, "REPORT ") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return ""
	}
	if len(said) > 3 {
		said = said[len(said)-3:]
	}
	text := strings.Join(said, "\n  ")
	if len(text) > 1000 {
		text = text[len(text)-1000:]
	}
	return "\n  " + text
}

// classify gives an error of the API its code, and a hint what to do about it.
func classify(err error) (code core.Code, hint string) {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return core.Invalid, "; this process has too many files open (errno 24): raise the limit (ulimit -n 4096) or lower --max-workers"
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		if c, h, known := classifyAPI(e.ErrorCode()); known {
			return c, h
		}
	}
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		switch status := e.HTTPStatusCode(); {
		case status == 429 || status >= 500:
			return core.Unavailable, ""
		case status == 401 || status == 403:
			return core.Denied, ""
		case status >= 400:
			return core.Invalid, ""
		}
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok || errors.Is(err, net.ErrClosed) { // the answer broke off
		return core.Unavailable, ""
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EPIPE) {
		return core.Unavailable, ""
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return core.Unavailable, ""
	}
	return core.Internal, ""
}

// classifyAPI knows the errors by their names (Lambda API reference, "Invoke"); known is false for others.
func classifyAPI(name string) (code core.Code, hint string, known bool) {
	switch name {
	case "TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded":
		return core.Unavailable, "; lower --max-workers or raise the account's concurrency", true
	case "EC2ThrottledException", "ServiceException", "ServiceUnavailableException", "InternalFailure", "ResourceNotReadyException", "ResourceConflictException", "RequestTimeout", "RequestTimeoutException":
		return core.Unavailable, "", true
	case "ResourceNotFoundException":
		return core.NotFound, "; `zagg deploy up` makes it, --function-name and --region say which it is", true
	case "AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "MissingAuthenticationTokenException":
		return core.Denied, "; the caller needs lambda:InvokeFunction on it", true
	case "ExpiredTokenException", "ExpiredToken", "InvalidSignatureException":
		return core.Denied, "; the caller's AWS credentials have expired or are wrong", true
	case "RequestTooLargeException", "RequestEntityTooLargeException", "InvalidRequestContentException", "ValidationException", "InvalidParameterValueException":
		return core.Invalid, "", true
	}
	return core.Internal, "", false
}

func denied(err error) bool {
	code, _ := classify(err)
	return code == core.Denied
}
