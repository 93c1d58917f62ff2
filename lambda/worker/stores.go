package worker

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/httpstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/secret"
	"github.com/englacial/zagg/internal/store"
)

// An access is a way to a service: where, and as whom. Connections live as long as the worker remembers it.
type access struct {
	scheme, endpoint, region string
	key, secret, token       secret.Text
	terms                    job.Terms
}

// driver opens a service, or gives the one that is open. Without a key, S3 is reached as the function's role.
func (w *Worker) driver(ctx context.Context, a access) (core.ObjectReader, error) {
	switch a.scheme {
	case "", "file":
		return &objstore.File{Sync: true}, nil
	case "http", "https":
		a = access{scheme: "https", token: a.token}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, ok := w.drivers.get(a); ok {
		return s, nil
	}
	to := drivers.Access{Region: a.region, Endpoint: a.endpoint, Token: httpstore.Token(a.token.Reveal()),
		ACL: a.terms.OutputACL, KMSKey: a.terms.OutputKMSKey, RequesterPays: a.terms.RequesterPays}
	if a.key != "" {
		to.Credentials = &s3store.Credentials{AccessKeyID: a.key.Reveal(), SecretAccessKey: a.secret.Reveal(), SessionToken: a.token.Reveal()}
	}
	s, err := drivers.Service(ctx, a.scheme, to)
	if err != nil {
		return nil, err
	}
	w.drivers.put(a, s)
	return s, nil
}

// open makes the drivers that addresses need.
func (w *Worker) open(ctx context.Context, c *job.Credentials, endpoint, region string, terms job.Terms, urls ...string) (core.ObjectStore, error) {
	by := map[string]core.ObjectReader{}
	for _, u := range urls {
		scheme := objstore.Scheme(u)
		if by[scheme] != nil {
			continue
		}
		a := access{scheme: scheme, endpoint: endpoint, region: region}
		switch scheme {
		case "s3":
			a.terms = terms
			if c != nil {
				a.key, a.secret, a.token = c.AccessKeyID, c.SecretAccessKey, c.SessionToken
				a.endpoint, a.region = cmp.Or(c.EndpointURL, a.endpoint), cmp.Or(c.Region, a.region)
			}
		case "http", "https":
			if c != nil {
				a.token = c.EDLToken
			}
		default:
			if err := w.checkScheme(u); err != nil {
				return nil, err
			}
		}
		var err error
		if by[scheme], err = w.driver(ctx, a); err != nil {
			return nil, err
		}
	}
	return objstore.Mux(by), nil
}

// output is the way to the store of an event. cfg may be nil.
func (w *Worker) output(ctx context.Context, c *job.Credentials, region string, terms job.Terms, cfg *config.Config, url string) (core.ObjectStore, error) {
	endpoint := ""
	if cfg != nil {
		endpoint, region = cfg.Output.EndpointURL, cmp.Or(cfg.Output.Region, region)
	}
	terms.RequesterPays = false // that is of granules
	objects, err := w.open(ctx, c, endpoint, region, terms, url)
	if err != nil {
		return nil, err
	}
	return store.Unlisted(objects, url), nil
}

// source is the way to a job's granules. Sidecars of indexes, which are not the archive's, lie with the output.
func (w *Worker) source(ctx context.Context, j *job.Job, cfg *config.Config, output core.ObjectStore) (core.ObjectReader, error) {
	var urls []string
	for _, g := range j.Granules {
		for _, u := range g.Assets {
			urls = append(urls, u)
		}
	}
	s, err := w.open(ctx, j.S3Credentials, "", j.Region, job.Terms{RequesterPays: j.RequesterPays}, urls...)
	if err != nil || cfg.DataSource.Index.Store == "" {
		return s, err
	}
	return &split{s, output, strings.TrimRight(cfg.DataSource.Index.Store, "/") + "/"}, nil
}

// A split reads what lies below a prefix elsewhere.
type split struct {
	core.ObjectReader
	below  core.ObjectReader
	prefix string
}

func (s *split) at(url string) core.ObjectReader {
	if strings.HasPrefix(url, s.prefix) {
		return s.below
	}
	return s.ObjectReader
}

func (s *split) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	return s.at(url).ReadRanges(ctx, url, ranges)
}

func (s *split) ReadState(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	return objstore.ReadState(ctx, s.at(url), url, etag, ranges)
}

func (s *split) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	return s.at(url).Stat(ctx, url)
}

// checkKeys refuses credentials that lack what a request is signed with.
func checkKeys(name string, c *job.Credentials) error {
	if c == nil || c.EDLToken != "" && c.AccessKeyID == "" && c.SecretAccessKey == "" {
		return nil
	}
	var missing []string
	if c.AccessKeyID == "" {
		missing = append(missing, "accessKeyId")
	}
	if c.SecretAccessKey == "" {
		missing = append(missing, "secretAccessKey")
	}
	if len(missing) > 0 {
		return core.Errorf(core.Invalid, "event", name, "Missing %s keys: %s", name, strings.Join(missing, ", "))
	}
	return checkEndpoint(name, c.EndpointURL)
}

// checkEndpoint refuses what is no address of a service, and those of a machine's own metadata, which give away its role's keys.
func checkEndpoint(name, endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return core.Errorf(core.Invalid, "event", name, "endpointUrl must be http://host or https://host, without a login or a query")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast()) {
		return core.Errorf(core.Invalid, "event", name, "endpointUrl: %s is not the address of an S3 service", u.Hostname())
	}
	return nil
}

// checkAddresses refuses an event with an address that no worker can use, before anything is read.
func (w *Worker) checkAddresses(j *job.Job) error {
	if err := w.checkTargets(j.StorePath, j.ResultURL, j.StartedURL); err != nil {
		return err
	}
	addresses := []string{j.GranulesURL}
	for _, g := range j.Granules {
		for _, u := range g.Assets {
			addresses = append(addresses, u)
		}
	}
	for _, u := range addresses {
		if err := w.checkScheme(u); u != "" && err != nil {
			return err
		}
	}
	return nil
}

// checkTargets refuses addresses that no worker can write to; those that are not given are fine.
func (w *Worker) checkTargets(store, result, started string) error {
	return cmp.Or(w.checkTarget("store_path", store), w.checkTarget("result_url", result), w.checkTarget("started_url", started))
}

// checkTarget is checkTargets of one member of the event.
func (w *Worker) checkTarget(member, address string) error {
	if address == "" {
		return nil
	}
	_, err := store.Address(address, "")
	if e, ok := errors.AsType[*core.Error](err); ok { // what it says, without the flag that it is for
		return core.Errorf(e.Code, "event", member, "%w", e.Err)
	}
	return cmp.Or(err, w.checkScheme(address))
}

// checkScheme refuses what no driver of this worker is for.
func (w *Worker) checkScheme(address string) error {
	switch scheme := objstore.Scheme(address); {
	case scheme == "s3" || scheme == "http" || scheme == "https":
		return nil
	case (scheme == "" || scheme == "file") && w.env("ZAGG_LOCAL_FILES") == "1":
		return nil
	}
	return core.Errorf(core.Unsupported, "event", address, "a cloud worker reads s3:// and https:// and writes s3://")
}
