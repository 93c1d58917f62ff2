package awstest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/emulator"
)

// S3Options are an S3 service with one owner.
type S3Options struct {
	Exe       string // the versitygw executable; "": a server in this process, which keeps objects in memory
	Root      string // versitygw's folder: a bucket is a folder in it, an object a file; "": a temporary one, which Close removes
	AccessKey string // the owner's; "zaggtest"
	SecretKey string // made up if not given
	Buckets   []string
	Latency   time.Duration // before each request
	KeepAlive bool          // versitygw leaves connections open, as S3 does
	// Fault is asked what goes wrong with a request; SetFault replaces it.
	Fault func(*http.Request) S3Fault
}

// S3 is a server behind a proxy. Path-style addresses only.
type S3 struct {
	o      S3Options
	region string
	direct string // the server without the proxy
	proxy  *proxy
	server *http.Server // of the proxy
	inside *http.Server // in this process
	cmd    *exec.Cmd
	exited chan struct{}
	temp   string
	log    bytes.Buffer // of versitygw; to be read when it has exited
	once   sync.Once
}

// startTimeout is how long versitygw may take to listen.
const startTimeout = 20 * time.Second

// StartS3 starts the server and its proxy and makes the buckets. Close ends them.
func StartS3(ctx context.Context, o S3Options) (*S3, error) {
	o.AccessKey = cmp.Or(o.AccessKey, "zaggtest")
	o.SecretKey = cmp.Or(o.SecretKey, rand.Text())
	s := &S3{o: o, region: "us-east-1"}
	err := s.serve(ctx)
	if err == nil {
		err = s.startProxy()
	}
	for _, b := range o.Buckets {
		if err == nil {
			err = s.CreateBucket(ctx, b)
		}
	}
	if err != nil {
		s.Close() //nolint:errcheck // there is an earlier error
		return nil, err
	}
	return s, nil
}

func (s *S3) serve(ctx context.Context) error {
	if s.o.Exe != "" {
		return s.startVersity(ctx)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return core.Errorf(core.Unavailable, "awstest.StartS3", "", "%w", err)
	}
	s.direct = "http://" + listener.Addr().String()
	s.inside = &http.Server{Handler: gofakes3.New(s3mem.New()).Server(), ReadHeaderTimeout: time.Minute}
	go s.inside.Serve(listener) //nolint:errcheck // it ends with Close
	return nil
}

func (s *S3) startVersity(ctx context.Context) error {
	const op = "awstest.StartS3"
	if s.o.Root == "" {
		dir, err := os.MkdirTemp("", "zagg-s3-")
		if err != nil {
			return core.Errorf(core.Internal, op, "", "%w", err)
		}
		s.temp, s.o.Root = dir, dir
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return core.Errorf(core.Unavailable, op, "", "%w", err)
	}
	address := listener.Addr().String()
	listener.Close() //nolint:errcheck // only its port was wanted
	s.cmd = exec.Command(s.o.Exe, "--access", s.o.AccessKey, "--secret", s.o.SecretKey, "--port", address, "--keep-alive="+strconv.FormatBool(s.o.KeepAlive), "--quiet", "posix", s.o.Root)
	s.cmd.SysProcAttr = emulator.Attributes()
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return core.Errorf(core.NotFound, op, s.o.Exe, "%w", err)
	}
	s.exited = make(chan struct{})
	go func() {
		s.cmd.Wait() //nolint:errcheck // it is killed in the end
		close(s.exited)
	}()
	s.direct = "http://" + address
	return s.listening(ctx, address)
}

// listening waits until versitygw does.
func (s *S3) listening(ctx context.Context, address string) error {
	const op = "awstest.StartS3"
	late := time.After(startTimeout)
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		select {
		case <-s.exited:
			return core.Errorf(core.Unavailable, op, s.o.Exe, "it ended: %s", bytes.TrimSpace(s.log.Bytes()))
		case <-late:
			return core.Errorf(core.Unavailable, op, s.o.Exe, "it does not listen on %s", address)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *S3) startProxy() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return core.Errorf(core.Unavailable, "awstest.StartS3", "", "%w", err)
	}
	s.proxy = newProxy(s.direct, "http://"+listener.Addr().String(), s.o)
	s.server = &http.Server{Handler: s.proxy, ReadHeaderTimeout: time.Minute}
	go s.server.Serve(listener) //nolint:errcheck // it ends with Close
	return nil
}

// URL is the endpoint: the proxy's.
func (s *S3) URL() string { return s.proxy.url }

// Direct is the endpoint of the server itself, without latency and faults, and not counted.
func (s *S3) Direct() string { return s.direct }

// Root is the folder of versitygw; "" for a server in this process.
func (s *S3) Root() string { return s.o.Root }

// Path is the file of an object of versitygw.
func (s *S3) Path(bucket, key string) string {
	return filepath.Join(s.o.Root, bucket, filepath.FromSlash(key))
}

// Owner is the key that may do everything.
func (s *S3) Owner() (accessKey, secretKey string) { return s.o.AccessKey, s.o.SecretKey }

// Environ is what makes an AWS SDK talk to the service as its owner, and to nothing else.
func (s *S3) Environ() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_S3": s.URL(), "AWS_ACCESS_KEY_ID": s.o.AccessKey, "AWS_SECRET_ACCESS_KEY": s.o.SecretKey, "AWS_REGION": s.region,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
}

// CreateBucket makes a bucket.
func (s *S3) CreateBucket(ctx context.Context, name string) error {
	client := s3.New(s3.Options{BaseEndpoint: &s.direct, Region: s.region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.o.AccessKey, s.o.SecretKey, "")})
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		return core.Errorf(core.Unavailable, "awstest.CreateBucket", name, "%w", err)
	}
	return nil
}

// Usage is what the proxy has been asked for.
func (s *S3) Usage() S3Usage { return s.proxy.usage() }

// SetFault replaces S3Options.Fault; nil: nothing goes wrong.
func (s *S3) SetFault(fault func(*http.Request) S3Fault) { s.proxy.setFault(fault) }

// SetKey adds or replaces a key beside the owner's.
func (s *S3) SetKey(k Key) { s.proxy.setKey(k) }

// Close ends the servers.
func (s *S3) Close() error {
	var err error
	s.once.Do(func() {
		for _, server := range []*http.Server{s.server, s.inside} {
			if server != nil {
				err = cmp.Or(err, server.Close())
			}
		}
		if s.cmd != nil {
			emulator.KillGroup(s.cmd.Process)
			<-s.exited
		}
		if s.temp != "" {
			err = cmp.Or(err, os.RemoveAll(s.temp))
		}
	})
	return err
}
