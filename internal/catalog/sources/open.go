// Package sources opens the sources of granules: NASA's CMR, STAC APIs, catalog files, lists of files. Most of it is tested through the
// command, in cmd/zagg/cli.
package sources

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/cmr"
	"github.com/englacial/zagg/internal/catalog/earthdata"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/stac"
	"github.com/englacial/zagg/internal/catalog/web"
)

// Options say what to open.
type Options struct {
	Files []string // a catalog, or granules; none: a service is searched

	Service     string // "cmr", "cmr-stac" or "stac"
	CMR, STAC   string // URLs; "" is NASA's
	Post        bool   // how a STAC API is searched
	Provider    string
	Collections []string
	Query       string // more of a STAC search, JSON

	Rules    catalog.Rules
	TimeKey  string         // property that groups granules of one acquisition
	Anywhere bool           // a granule without a footprint may be anywhere; else it is an error
	Edges    geometry.Edges // of footprints in files

	UserAgent string
	Fetched   func(done, total int) // told as pages of a service arrive; total 0: unknown
	Retrying  func(err error, wait time.Duration)
}

// ErrSeveral is of a catalog file that something else is given beside.
var ErrSeveral = errors.New("give one, and nothing else")

// largest is the longest catalog that is read from S3 or HTTPS, or as JSON, in bytes: it is held in memory.
const largest = 2 << 30

// Open opens the source. The closer is nil where there is nothing to close.
func Open(ctx context.Context, o Options) (catalog.Source, io.Closer, error) {
	if len(o.Files) > 0 {
		return o.openFile(ctx)
	}
	client := &web.Client{UserAgent: o.UserAgent, OnRetry: o.Retrying}
	if o.Service == "cmr" {
		return cmr.New(cmr.Options{URL: o.CMR, Client: client, Rules: o.Rules, Anywhere: o.Anywhere, Progress: o.Fetched, Token: token(client)}), nil, nil
	}
	options := stac.Options{URL: o.STAC, Post: o.Post, Collections: o.Collections, Query: []byte(o.Query), Client: client, Progress: o.Fetched,
		Items: stac.ItemOptions{Rules: o.Rules, TimeKey: o.TimeKey, Anywhere: o.Anywhere, Edges: o.Edges}}
	if o.Service == "cmr-stac" {
		options.Post, options.Limit = false, 2000
		if options.URL == "" {
			options.URL = stac.CMRSearch(o.CMR, o.Provider)
		}
	}
	s, err := stac.New(options)
	return s, nil, err
}

// token finds who one is when a collection is not found without.
func token(client *web.Client) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		login, err := earthdata.FromEnvironment(client)
		if err != nil {
			return "", err
		}
		bearer, err := login.Bearer(ctx)
		return bearer.Reveal(), err
	}
}
