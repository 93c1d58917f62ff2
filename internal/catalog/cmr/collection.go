package cmr

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// A Collection is what a search needs to know of one, and where its files' credentials come from.
type Collection struct {
	ID                           string // concept id: C2670138092-NSIDC_CPRD
	ShortName, Version, Provider string
	Planar                       bool   // footprints have edges that are straight in longitude and latitude
	NoSpatial                    bool   // granules have no footprint of their own
	S3Credentials                string // address that gives credentials for its buckets; "": none
	Region                       string // of the buckets: us-west-2
	orbit                        *orbitParameters
}

type collectionPage struct {
	Items []struct {
		Meta struct {
			ConceptID string `json:"concept-id"`
			Provider  string `json:"provider-id"`
		} `json:"meta"`
		UMM struct {
			ShortName, Version string
			SpatialExtent      struct {
				GranuleSpatialRepresentation string
				OrbitParameters              *orbitParameters
			}
			DirectDistributionInformation struct {
				Region                   string
				S3CredentialsAPIEndpoint string
			}
		} `json:"umm"`
	} `json:"items"`
}

// mostListed is how many collections are looked at; a short name has a few versions at a few providers.
const mostListed = "100"

// Collection finds the one collection that a query means. Several or none are an error that lists what there is.
func (s *Source) Collection(ctx context.Context, q catalog.Query) (*Collection, error) {
	if q.ShortName == "" {
		return nil, core.Errorf(core.Invalid, "cmr", "", "a search needs a short name, such as ATL06")
	}
	found, err := s.collections(ctx, q)
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		all, err := s.collections(ctx, catalog.Query{ShortName: q.ShortName})
		if err != nil {
			return nil, err
		}
		return nil, core.Errorf(core.NotFound, "cmr", name(q), "CMR has no such collection; %s", listing(q.ShortName, all))
	}
	return nil, core.Errorf(core.Invalid, "cmr", name(q), "which of them? Give a provider and a version; %s", listing(q.ShortName, found))
}

func name(q catalog.Query) string {
	return strings.Join(slices.DeleteFunc([]string{q.ShortName, q.Version, q.Provider}, func(s string) bool { return s == "" }), " ")
}

func listing(short string, list []*Collection) string {
	if len(list) == 0 {
		return "it has none of the short name " + short + " (restricted ones need a token of Earthdata Login)"
	}
	var out []string
	for _, c := range list {
		out = append(out, c.Version+" at "+c.Provider)
	}
	slices.Sort(out)
	return "it has " + short + " " + strings.Join(out, ", ")
}

func (s *Source) collections(ctx context.Context, q catalog.Query) ([]*Collection, error) {
	v := url.Values{"short_name": {q.ShortName}, "page_size": {mostListed}}
	if q.Version != "" {
		v.Set("version", q.Version)
	}
	if q.Provider != "" {
		v.Set("provider", q.Provider)
	}
	var p collectionPage
	if _, err := s.search(ctx, "collections", v, "", &p); err != nil {
		return nil, err
	}
	var out []*Collection
	for _, it := range p.Items {
		u := &it.UMM
		if it.Meta.ConceptID == "" {
			return nil, core.Errorf(core.Corrupt, "cmr", name(q), "a collection has no concept-id")
		}
		out = append(out, &Collection{
			ID: it.Meta.ConceptID, ShortName: u.ShortName, Version: u.Version, Provider: it.Meta.Provider,
			Planar:        u.SpatialExtent.GranuleSpatialRepresentation == "CARTESIAN",
			NoSpatial:     u.SpatialExtent.GranuleSpatialRepresentation == "NO_SPATIAL",
			S3Credentials: u.DirectDistributionInformation.S3CredentialsAPIEndpoint, Region: u.DirectDistributionInformation.Region,
			orbit: u.SpatialExtent.OrbitParameters,
		})
	}
	return out, nil
}
