// Package cmr searches NASA's Common Metadata Repository for granules (CMR Search API, https://cmr.earthdata.nasa.gov/search/site/docs/search/api.html;
// UMM-G and UMM-C metadata, https://git.earthdata.nasa.gov/projects/EMFD/repos/unified-metadata-model).
//
// The collection is looked up first: its id makes the search exact, and it says how footprints are meant (geodesic or
// planar edges, or an orbit). The granule search pages by CMR-Search-After, which has no cap, and what came is compared
// with CMR-Hits, so that nothing is cut off silently. The area of the query is simplified outward.
package cmr
