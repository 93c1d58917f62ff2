package run

// Credentials: of the granules' archive, of the store, and those that go to functions with events. No error or note
// contains a key.

import (
	"cmp"
	"context"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/catalog/earthdata"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/secret"
)

// eventCredentials returns a function that gives each event the keys as they are when it is sent.
func (r *Run) eventCredentials() func(context.Context) (granules, output *job.Credentials, err error) {
	source, output := &credentialsFile{path: r.o.SourceKeys}, &credentialsFile{path: r.o.OutputKeys}
	return func(ctx context.Context) (*job.Credentials, *job.Credentials, error) {
		s, err := source.read()
		if err == nil && s == nil {
			s, err = r.eventKeys(ctx)
		}
		if err != nil {
			return nil, nil, err
		}
		o, err := output.read()
		return s, o, err
	}
}

// A credentialsFile is read again when it changes, so that renewing short-lived keys in it renews them for the run.
type credentialsFile struct {
	path string

	mu       sync.Mutex
	modified time.Time
	keys     *job.Credentials
}

// read gives the keys; nil without a path. Errors name the file and never what is in it.
func (f *credentialsFile) read() (*job.Credentials, error) {
	if f.path == "" {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, core.Errorf(core.NotFound, "credentials", f.path, "%w", err)
	}
	if f.keys != nil && info.ModTime().Equal(f.modified) {
		return f.keys, nil
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return nil, core.Errorf(core.Denied, "credentials", f.path, "%w", err)
	}
	keys, err := job.ParseCredentials(data)
	if err != nil {
		return nil, core.Wrap(err, "credentials", f.path)
	}
	f.keys, f.modified = keys, info.ModTime()
	return keys, nil
}

// outputAccess is how this process writes the store: with the keys of Options.OutputKeys if they are given.
func (r *Run) outputAccess() (drivers.Access, error) {
	a := drivers.Environment()
	a.Endpoint, a.Region, a.Anonymous = r.config.Output.EndpointURL, cmp.Or(r.config.Output.Region, r.o.Region), r.o.Anonymous
	a.ACL, a.KMSKey = r.o.Terms.OutputACL, r.o.Terms.OutputKMSKey
	return withKeys(a, r.o.OutputKeys)
}

// withKeys adds to an access the keys of a file, and what it says of the service that they are for; nothing without a
// path.
func withKeys(a drivers.Access, path string) (drivers.Access, error) {
	if path == "" {
		return a, nil
	}
	file := &credentialsFile{path: path}
	keys, err := file.read()
	if err != nil {
		return a, err
	}
	a.Endpoint, a.Region = cmp.Or(keys.EndpointURL, a.Endpoint), cmp.Or(keys.Region, a.Region)
	a.Provide = func(context.Context) (aws.Credentials, error) {
		k, err := file.read()
		if err != nil {
			return aws.Credentials{}, err
		}
		// Asked again every minute, so that a renewed file is seen.
		return aws.Credentials{AccessKeyID: k.AccessKeyID.Reveal(), SecretAccessKey: k.SecretAccessKey.Reveal(), SessionToken: k.SessionToken.Reveal(),
			Source: "--output-creds", CanExpire: true, Expires: time.Now().Add(time.Minute)}, nil
	}
	return a, nil
}

// findKeys sets r.keys to the keys of the archive that data_source.credentials_provider names: nsidc, another known
// one, or the address of its service. They stay nil, and the keys of the AWS environment are used, if none is named,
// if granules are not read from S3 with them, or if nobody is logged in, which is noted.
func (r *Run) findKeys() error {
	name := r.config.DataSource.CredentialsProvider
	if name == "" || r.o.Anonymous || r.driver() == "https" || r.o.SourceKeys != "" {
		return nil
	}
	endpoint, known := earthdata.Endpoint(name)
	switch {
	case strings.Contains(name, "://"):
		endpoint = name
	case !known:
		return core.Errorf(core.Unsupported, "data_source.credentials_provider", name, "no such provider; have nsidc, lpdaac, gesdisc, podaac, ornldaac, ghrc, laads, or an address https://host/s3credentials")
	}
	if objstore.Scheme(r.config.DataSource.Index.Store) == "s3" {
		r.note("%s is not asked for keys: they would not open data_source.index.store", name)
		return nil
	}
	login, err := earthdata.FromEnvironment(nil)
	if err != nil {
		r.note("S3 is read with the keys of the AWS environment: %v", err)
		return nil
	}
	r.keys, err = login.S3(endpoint)
	return err
}

// driver is how granules are read: s3, https, or "" if nothing says.
func (r *Run) driver() string { return cmp.Or(r.o.Driver, r.config.DataSource.Driver) }

// eventKeys is a key for a function that is valid for a while; nil if there is none.
func (r *Run) eventKeys(ctx context.Context) (*job.Credentials, error) {
	if r.keys == nil {
		return nil, nil
	}
	k, err := r.keys.Credentials(ctx)
	if err != nil {
		return nil, err
	}
	return &job.Credentials{AccessKeyID: secret.Text(k.AccessKeyID), SecretAccessKey: secret.Text(k.SecretAccessKey.Reveal()), SessionToken: secret.Text(k.SessionToken.Reveal()),
		Expiration: k.Expires.UTC().Format(time.RFC3339)}, nil
}
