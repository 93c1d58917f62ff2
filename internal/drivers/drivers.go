// Package drivers opens object stores by URL: local files, S3, and HTTPS with Earthdata Login.
package drivers

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/httpstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// An Access is how services are reached, and as whom. The zero value leaves S3 to the SDK's environment and files and
// reads HTTPS without a login.
type Access struct {
	Endpoint, Region string // of S3
	Anonymous        bool   // S3 without credentials
	Credentials      *s3store.Credentials
	Provide          func(context.Context) (aws.Credentials, error) // keys that are asked for when they are needed
	ACL, KMSKey      string                                         // of what is written to S3: a canned ACL, and a key to encrypt with
	RequesterPays    bool                                           // requests to S3 are charged to whose keys these are
	Token            httpstore.Token                                // a bearer token of NASA's Earthdata Login, sent to NASA's hosts alone
}

// earthdataToken is the environment variable with the bearer token.
const earthdataToken = "EARTHDATA_TOKEN"

// Environment is the access that the environment of this process gives.
func Environment() Access { return Access{Token: httpstore.Token(os.Getenv(earthdataToken))} }

func earthdataHosts() []string { return []string{".nasa.gov", ".earthdatacloud.nasa.gov"} }

// Open opens what the URLs need: S3 only if one of them is on it, because finding credentials takes time. Paths of this
// machine are always open; an URL of any other kind is refused when it is used.
func Open(ctx context.Context, a Access, urls ...string) (core.ObjectStore, error) {
	file := &objstore.File{Sync: true}
	by := map[string]core.ObjectReader{"": file, "file": file}
	for _, u := range urls {
		scheme := objstore.Scheme(u)
		if by[scheme] != nil {
			continue
		}
		s, err := Service(ctx, scheme, a)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		by[scheme] = s
		if scheme == "http" || scheme == "https" {
			by["http"], by["https"] = s, s
		}
	}
	return objstore.Mux(by), nil
}

// Service opens the service of one scheme: "" or file, s3, http or https; nil for any other.
func Service(ctx context.Context, scheme string, a Access) (core.ObjectReader, error) {
	switch scheme {
	case "", "file":
		return &objstore.File{Sync: true}, nil
	case "s3":
		return s3store.New(ctx, s3store.Options{Endpoint: a.Endpoint, Region: a.Region, Anonymous: a.Anonymous, Credentials: a.Credentials, Provide: a.Provide,
			ACL: a.ACL, KMSKey: a.KMSKey, RequesterPays: a.RequesterPays})
	case "http", "https":
		return httpstore.New(httpstore.Options{Token: a.Token, TokenHosts: earthdataHosts()}), nil
	}
	return nil, nil
}
