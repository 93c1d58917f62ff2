package awstest

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// An S3Fault is what goes wrong with a request. The zero S3Fault is nothing.
type S3Fault struct {
	Status        int // more than 0: the answer, with Code and Message as S3 spells errors
	Code, Message string
	Delay         time.Duration // before anything else
	Reset         bool          // the connection is cut before the request reaches the server
	Forget        bool          // the connection is cut after the server has done the request
	Truncate      int64         // more than 0: the connection is cut after so many bytes of the answer's body
}

// SlowDown is S3's throttling.
func SlowDown() S3Fault {
	return S3Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}
}

// InternalError is S3's failure of its own.
func InternalError() S3Fault {
	return S3Fault{Status: http.StatusInternalServerError, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
}

// ExpiredToken is the answer to temporary credentials that have ended.
func ExpiredToken() S3Fault {
	return S3Fault{Status: http.StatusBadRequest, Code: "ExpiredToken", Message: "The provided token has expired."}
}

// AccessDenied is the answer to who may not.
func AccessDenied() S3Fault {
	return S3Fault{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Access Denied"}
}

// S3FaultRates are chances between 0 and 1, each for itself.
type S3FaultRates struct {
	SlowDown, InternalError, Reset, Forget, Truncate float64
	Burst                                            int           // so many requests after an error by status fail with it; 0
	MaxDelay                                         time.Duration // the delay is up to this
}

// RandomS3Faults draws faults from a seed.
func RandomS3Faults(seed uint64, rates S3FaultRates) func(*http.Request) S3Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	var burst S3Fault
	left := 0
	return func(*http.Request) S3Fault {
		mu.Lock()
		defer mu.Unlock()
		hit := func(rate float64) bool { return random.Float64() < rate }
		f := S3Fault{}
		slow, internal, reset, forget, truncate := hit(rates.SlowDown), hit(rates.InternalError), hit(rates.Reset), hit(rates.Forget), hit(rates.Truncate)
		switch {
		case left > 0:
			left--
			f = burst
		case slow:
			f, left = SlowDown(), rates.Burst
		case internal:
			f, left = InternalError(), rates.Burst
		case truncate:
			f.Truncate = 1 + random.Int64N(1<<16)
		default:
			f.Reset, f.Forget = reset, forget
		}
		burst = f
		if rates.MaxDelay > 0 {
			f.Delay = time.Duration(random.Int64N(int64(rates.MaxDelay)))
		}
		return f
	}
}

// A Key is one that may do less than the owner's, or not for ever. Requests are signed anew for the server.
type Key struct {
	AccessKey, SecretKey string
	SessionToken         string    // what a request must carry; "": none
	Expires              time.Time // zero: never
	Deny                 []string  // "bucket/prefix" of what it may not touch
	ReadOnly             bool
	Unlisted             bool // it may not list, and is told of objects that are not there that they are denied
}

// refuses tells what is wrong with a request of the key.
func (k *Key) refuses(r *http.Request, now time.Time) (S3Fault, bool) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if prefix := r.URL.Query().Get("prefix"); prefix != "" {
		path = strings.TrimRight(path, "/") + "/" + prefix
	}
	switch {
	case !k.Expires.IsZero() && now.After(k.Expires):
		return ExpiredToken(), true
	case k.SessionToken != r.Header.Get("X-Amz-Security-Token"):
		return S3Fault{Status: http.StatusBadRequest, Code: "InvalidToken", Message: "The provided token is malformed or otherwise invalid."}, true
	case k.Unlisted && r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
		return AccessDenied(), true
	case k.ReadOnly && r.Method != http.MethodGet && r.Method != http.MethodHead:
		return AccessDenied(), true
	}
	for _, d := range k.Deny {
		if strings.HasPrefix(path, d) {
			return AccessDenied(), true
		}
	}
	return S3Fault{}, false
}
