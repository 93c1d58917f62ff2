package cli

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/catalog/earthdata"
	"github.com/englacial/zagg/internal/catalog/web"
	"github.com/englacial/zagg/internal/job"
)

// findLogin finds who one is at Earthdata Login: EARTHDATA_TOKEN, a name and password, or the netrc file.
func findLogin(client *web.Client) (*earthdata.Login, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // no netrc then
	}
	return earthdata.Find(earthdata.Environment{Getenv: os.Getenv, Home: home, Client: client})
}

// findKeys sets r.keys to the keys of the archive that data_source.credentials_provider names, nsidc or the address of its
// service. They stay nil, and the AWS environment's are taken, where none is named, granules are not read from S3 by them,
// or nobody is logged in, which is said.
func (r *runner) findKeys() error {
	name := r.config.DataSource.CredentialsProvider
	if name == "" || r.o.anonymous || r.driver() == "https" || r.o.lambda.sourceCreds != "" {
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
		r.say("      %s is not asked for keys: they would not open data_source.index.store", name)
		return nil
	}
	login, err := findLogin(nil)
	if err != nil {
		r.say("      S3 is read with the keys of the AWS environment: %v", err)
		return nil
	}
	r.keys, err = login.S3(endpoint)
	return err
}

// driver is how granules are read: s3, https, or "" if nothing says.
func (r *runner) driver() string {
	if r.o.driver != "" {
		return r.o.driver
	}
	return r.config.DataSource.Driver
}

// eventKeys is a key for a function that is good for a while; nil where there are none.
func (r *runner) eventKeys(ctx context.Context) (*job.Credentials, error) {
	if r.keys == nil {
		return nil, nil
	}
	k, err := r.keys.Credentials(ctx)
	if err != nil {
		return nil, err
	}
	return &job.Credentials{AccessKeyID: job.Secret(k.AccessKeyID), SecretAccessKey: job.Secret(k.SecretAccessKey.Reveal()), SessionToken: job.Secret(k.SessionToken.Reveal()),
		Expiration: k.Expires.UTC().Format(time.RFC3339)}, nil
}
