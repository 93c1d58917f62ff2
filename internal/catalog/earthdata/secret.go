package earthdata

import (
	"time"

	"github.com/englacial/zagg/internal/secret"
)

// A Key opens an archive's buckets until it expires.
type Key struct {
	AccessKeyID     string
	SecretAccessKey secret.Text
	SessionToken    secret.Text
	Expires         time.Time
}
