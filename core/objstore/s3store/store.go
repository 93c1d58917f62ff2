package s3store

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/internal/ranged"
)

// Options say which S3 and as whom. What they leave open comes from the SDK's environment and files (AWS_REGION,
// AWS_PROFILE, AWS_ENDPOINT_URL_S3, AWS_CA_BUNDLE, the credentials of a Lambda or EC2 role, …).
type Options struct {
	Region   string // that of the buckets; the environment's, else us-east-1
	Endpoint string // base URL of another service than AWS
	// Credentials are a fixed key; Provide is asked for one instead, again when the one it gave Expires. Anonymous signs
	// nothing. At most one of the three; none: the environment's.
	Credentials *Credentials
	Provide     func(ctx context.Context) (aws.Credentials, error)
	Anonymous   bool
	// PathStyle puts the bucket in the path rather than in the host name. Auto: where there is an Endpoint or the
	// bucket's name has a dot, which no certificate covers.
	PathStyle   PathStyle
	Concurrency int // most ranged GETs in flight in all; 32
	// HTTPClient replaces the SDK's. Its transport should keep Concurrency idle connections per host.
	HTTPClient *http.Client
	// Retry is for the parts of a body that cannot be wound back, which objstore.Retry cannot send again.
	Retry objstore.Policy
	// ACL is the canned ACL of what is written ("bucket-owner-full-control" for another account's bucket).
	ACL string
	// KMSKey is the id, alias or ARN of the KMS key that what is written is encrypted with; "": as the bucket has it.
	KMSKey string
	// RequesterPays says that requests to buckets whose owner does not pay are charged to whose credentials these are.
	RequesterPays bool
}

// PathStyle says where the bucket's name goes.
type PathStyle uint8

// The styles of Options.PathStyle.
const (
	PathStyleAuto PathStyle = iota
	PathStyleAlways
	PathStyleNever
)

var _ core.ObjectStore = (*Store)(nil)

// A Store is one set of credentials for one service.
type Store struct {
	options     Options
	region      string
	credentials aws.CredentialsProvider // nil: requests are not signed
	client      *s3.Client
	signer      *v4.Signer
	getter      ranged.Getter
	endpoints   sync.Map // bucket → *endpoint
}

// requestTimeout is the patience with a request that moves no data; objects get 128 KiB/s on top of it.
const requestTimeout = time.Minute

// New reads the SDK's configuration; it sends no request.
func New(ctx context.Context, o Options) (*Store, error) {
	const op = "s3store.New"
	given := 0
	for _, is := range []bool{o.Credentials != nil, o.Provide != nil, o.Anonymous} {
		if is {
			given++
		}
	}
	if given > 1 {
		return nil, core.Errorf(core.Invalid, op, o.Endpoint, "more than one of fixed credentials, a provider and anonymous access")
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 32
	}
	cfg, err := config.LoadDefaultConfig(ctx, loadOptions(o)...)
	if err != nil {
		return nil, core.Errorf(core.Invalid, op, o.Endpoint, "reading the AWS configuration: %w", err)
	}
	if o.HTTPClient != nil {
		// Only now, for the SDK refuses a client into which it cannot put AWS_CA_BUNDLE.
		cfg.HTTPClient = o.HTTPClient
	} else {
		// Behind another type, else the SDK makes a copy of its own with other connections than the ranged GETs'.
		cfg.HTTPClient = doer{cfg.HTTPClient}
	}
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	s := &Store{options: o, region: cfg.Region}
	if !o.Anonymous {
		s.credentials = cfg.Credentials
	}
	s.client = s3.NewFromConfig(cfg, func(so *s3.Options) {
		if o.Endpoint != "" {
			so.BaseEndpoint = &o.Endpoint
		}
		so.UsePathStyle = o.PathStyle == PathStyleAlways || o.PathStyle == PathStyleAuto && so.BaseEndpoint != nil
	})
	s.signer = v4.NewSigner(func(so *v4.SignerOptions) { so.DisableURIPathEscaping = true })
	s.getter = ranged.Getter{
		Client: cfg.HTTPClient,
		Limit:  make(chan struct{}, o.Concurrency),
		Whole:  64 << 20,
		Stall:  requestTimeout,
		Fail:   s.getError,
	}
	return s, nil
}

// A doer hides the rest of an HTTP client.
type doer struct{ aws.HTTPClient }

func loadOptions(o Options) []func(*config.LoadOptions) error {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { ranged.Tune(t, o.Concurrency) })
	list := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client),
		config.WithLogger(logging.Nop{}), // what matters comes back as an error
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
		// A key is renewed before it ends, so that none ends on its way.
		config.WithCredentialsCacheOptions(func(c *aws.CredentialsCacheOptions) { c.ExpiryWindow = 2 * time.Minute }),
	}
	if o.Region != "" {
		list = append(list, config.WithRegion(o.Region))
	}
	switch {
	case o.Anonymous:
		list = append(list, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case o.Credentials != nil:
		list = append(list, config.WithCredentialsProvider(credentials.StaticCredentialsProvider{Value: o.Credentials.sdk()}))
	case o.Provide != nil:
		list = append(list, config.WithCredentialsProvider(aws.CredentialsProviderFunc(o.Provide)))
	}
	return list
}

// split takes s3://bucket/key apart.
func split(op, url string) (bucket, key string, err error) {
	if objstore.Scheme(url) != "s3" {
		return "", "", core.Errorf(core.Invalid, op, url, "is not of the form s3://bucket/key")
	}
	bucket, key, _ = strings.Cut(url[len("s3://"):], "/")
	if bucket == "" || strings.ContainsAny(bucket, " ?#%\\@:") {
		return "", "", core.Errorf(core.Invalid, op, url, "%q is not a name of a bucket", bucket)
	}
	return bucket, key, nil
}

func splitObject(op, url string) (bucket, key string, err error) {
	bucket, key, err = split(op, url)
	if err == nil && key == "" {
		err = core.Errorf(core.Invalid, op, url, "names a bucket, not an object")
	}
	return bucket, key, err
}

// payer is the header of requests that are paid for.
func (s *Store) payer() types.RequestPayer {
	if s.options.RequesterPays {
		return types.RequestPayerRequester
	}
	return ""
}

// encryption is how what is written is encrypted.
func (s *Store) encryption() (types.ServerSideEncryption, *string) {
	if s.options.KMSKey == "" {
		return "", nil
	}
	return types.ServerSideEncryptionAwsKms, &s.options.KMSKey
}

// perBucket are the options of one SDK call.
func (s *Store) perBucket(bucket string) func(*s3.Options) {
	return func(o *s3.Options) {
		o.UsePathStyle = o.UsePathStyle || s.options.PathStyle == PathStyleAuto && strings.Contains(bucket, ".")
	}
}

// Format says which service it is, and no secret.
func (s *Store) Format(f fmt.State, _ rune) {
	io.WriteString(f, strings.TrimSpace(fmt.Sprintf("S3 %s %s", s.region, aws.ToString(s.client.Options().BaseEndpoint))))
}
