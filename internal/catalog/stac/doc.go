// Package stac reads granules as STAC items (SpatioTemporal Asset Catalog 1.0 and 1.1): from the search of a STAC API, NASA's
// CMR-STAC or any other, and from files of items.
//
// Searches are by GET with links to the next page, or by POST, whose next links have a body that replaces or is merged
// into the first. Where a service says how many items match, that many must come; where it says nothing, its last page
// must have no link to a next. The box of a search that crosses the antimeridian becomes two, because many services find
// nothing in it.
package stac
