package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/internal/ranged"
)

// An answer is what the service said instead of doing what it was asked.
type answer struct {
	status        int
	header        http.Header
	code, message string // of the XML body; "" for a HEAD, which has none
}

// codes are the error codes of S3's API reference whose meaning the HTTP status does not tell.
func (a answer) codeOf() core.Code {
	switch a.code {
	case "NoSuchKey", "NoSuchBucket", "NotFound", "NoSuchUpload":
		return core.NotFound
	case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "RequestTimeTooSkewed":
		return core.Denied
	case "RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "ServiceUnavailable",
		"InternalError", "BadDigest", "IncompleteBody", "OperationAborted", "ConditionalRequestConflict":
		return core.Unavailable
	case "PreconditionFailed":
		return core.Invalid
	case "NotImplemented":
		return core.Unsupported
	}
	return ranged.Code(a.status)
}

// hint says what to do about it; "" where the service's own words say enough.
func (a answer) hint(region string) string {
	switch a.code {
	case "ExpiredToken", "TokenRefreshRequired":
		return "credentials expired: renew them"
	case "InvalidToken", "InvalidAccessKeyId":
		return "these credentials are not valid here: renew them, or check that they are for this service"
	case "SignatureDoesNotMatch":
		return "the secret key does not belong to the access key"
	case "RequestTimeTooSkewed":
		return "the clock of this machine is wrong: set it"
	case "NoSuchBucket":
		return "no such bucket"
	case "NoSuchKey", "NotFound":
		return "no such object"
	}
	if there := a.header.Get("X-Amz-Bucket-Region"); there != "" && there != region && (a.status == 301 || a.status == 400 || a.status == 307) {
		return fmt.Sprintf("the bucket is in region %s, and the request went to %s: set the region to %s", there, region, there)
	}
	switch {
	case a.status == http.StatusMovedPermanently:
		return "the bucket is in another region: set the region"
	case a.status == http.StatusForbidden:
		return "access denied, or no such object: the service tells the difference only to those who may list the bucket"
	case a.status == http.StatusNotFound:
		return "no such object"
	}
	return ""
}

func (s *Store) answerError(op, subject string, a answer) error {
	text := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", a.status, a.code))
	if a.status == 0 { // of one object among many of a request
		text = a.code
	}
	if a.message != "" {
		text += ": " + a.message
	}
	if hint := a.hint(s.region); hint != "" {
		text = hint + " (" + text + ")"
	}
	if a.status == http.StatusPreconditionFailed || a.code == "PreconditionFailed" {
		return core.Errorf(core.Invalid, op, subject, "%w (%s)", objstore.ErrPrecondition, text)
	}
	return core.Errorf(a.codeOf(), op, subject, "%s", text)
}

// sdkError gives an error of the SDK its code.
func (s *Store) sdkError(op, subject string, err error) error {
	var a answer
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.Response != nil {
		a.status, a.header = e.Response.StatusCode, e.Response.Header
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		a.code, a.message = e.ErrorCode(), e.ErrorMessage()
		if a.code == "UnknownError" {
			a.code = ""
		}
	}
	if a.status >= 300 || a.code != "" {
		return s.answerError(op, subject, a)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return core.Errorf(core.Unavailable, op, subject, "no answer in time: %w", err)
	}
	return ranged.TransportError(op, subject, err)
}

// credentialsError is the error of a provider: what it says itself, else Denied.
func (s *Store) credentialsError(op, subject string, err error) error {
	if _, ok := errors.AsType[*core.Error](err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return core.Wrapf(err, op, subject, "getting credentials: %w", err)
	}
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.Response != nil && e.Response.StatusCode >= 500 {
		return core.Errorf(core.Unavailable, op, subject, "getting credentials: %w", err)
	}
	return core.Errorf(core.Denied, op, subject, "no credentials: give a key, a profile (AWS_PROFILE) or anonymous access (%w)", err)
}

// ready sees to it that there are credentials before the SDK is asked, whose error would not tell that they are what
// is missing.
func (s *Store) ready(ctx context.Context, op, subject string) error {
	if s.credentials == nil {
		return nil
	}
	if _, err := s.credentials.Retrieve(ctx); err != nil {
		return s.credentialsError(op, subject, err)
	}
	return nil
}
