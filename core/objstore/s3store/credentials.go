package s3store

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Credentials are a fixed key. However they are printed or logged, they do not show.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

const redacted = "s3store.Credentials{redacted}"

func (c Credentials) String() string               { return redacted }
func (c Credentials) GoString() string             { return redacted }
func (c Credentials) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (c Credentials) Format(f fmt.State, _ rune)   { io.WriteString(f, redacted) }
func (c Credentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }

func (c Credentials) sdk() aws.Credentials {
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Source: "zagg"}
}
