package cli

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// eventCredentials gives each event the keys as they are when it is sent.
func (r *runner) eventCredentials() func(context.Context) (granules, output *job.Credentials, err error) {
	source, output := &credentialsFile{path: r.o.lambda.sourceCreds}, &credentialsFile{path: r.o.lambda.outputCreds}
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

// A credentialsFile is read again when it changes, so that who renews short-lived keys in it renews them for the run.
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
		return nil, core.Errorf(core.CodeOf(err), "credentials", f.path, "%w", err)
	}
	f.keys, f.modified = keys, info.ModTime()
	return keys, nil
}

// outputKeys are how this process writes the store: the keys of --output-creds, if they are given.
func (r *runner) outputKeys() (storeOptions, error) {
	region := r.o.region
	if r.config.Output.Region != "" {
		region = r.config.Output.Region
	}
	return withKeys(storeOptions{endpoint: r.config.Output.EndpointURL, region: region, anonymous: r.o.anonymous}, r.o.lambda.outputCreds)
}

// withKeys adds the keys of a file, and what it says of the service they are for; without a path there are none.
func withKeys(o storeOptions, path string) (storeOptions, error) {
	if path == "" {
		return o, nil
	}
	file := &credentialsFile{path: path}
	keys, err := file.read()
	if err != nil {
		return o, err
	}
	if keys.EndpointURL != "" {
		o.endpoint = keys.EndpointURL
	}
	if keys.Region != "" {
		o.region = keys.Region
	}
	o.provide = func(context.Context) (aws.Credentials, error) {
		k, err := file.read()
		if err != nil {
			return aws.Credentials{}, err
		}
		// Asked again every minute, so that a renewed file is seen.
		return aws.Credentials{AccessKeyID: k.AccessKeyID.Reveal(), SecretAccessKey: k.SecretAccessKey.Reveal(), SessionToken: k.SessionToken.Reveal(),
			Source: "--output-creds", CanExpire: true, Expires: time.Now().Add(time.Minute)}, nil
	}
	return o, nil
}
