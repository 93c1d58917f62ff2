package proj

import (
	"fmt"
	"strconv"
	"strings"
)

// WKT is the system as well-known text (ISO 19162:2019, also called WKT2), on one line, with the identifiers of the EPSG
// registry, by which readers know it again.
func (c *CRS) WKT() string {
	if c.Geographic {
		return `GEOGCRS["WGS 84",` + wktDatum + `,CS[ellipsoidal,2],` +
			axis("geodetic latitude (Lat)", "north", "", 1, wktDegree) + `,` + axis("geodetic longitude (Lon)", "east", "", 2, wktDegree) + `,` + id(c.Code) + `]`
	}
	return `PROJCRS["` + c.Name + `",BASEGEOGCRS["WGS 84",` + wktDatum + `,` + id(4326) + `],` + c.system.conversion() + `,` + id(c.Code) + `]`
}

const (
	wktMetre  = `LENGTHUNIT["metre",1]`
	wktDegree = `ANGLEUNIT["degree",0.0174532925199433]`
	wktUnity  = `SCALEUNIT["unity",1]`
	wktDatum  = `DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563,` + wktMetre + `]],PRIMEM["Greenwich",0,` + wktDegree + `]`
)

func id(code int) string { return fmt.Sprintf(`ID["EPSG",%d]`, code) }

// axis is one axis; a polar one says along which meridian it points.
func axis(name, direction, meridian string, order int, unit string) string {
	if meridian != "" {
		meridian = `MERIDIAN[` + meridian + `,` + wktDegree + `],`
	}
	return fmt.Sprintf(`AXIS["%s",%s,%sORDER[%d],%s]`, name, direction, meridian, order, unit)
}

// A parameter is one of a conversion, by its name and code in the registry.
type parameter struct {
	name  string
	value float64
	unit  string
	code  int
}

func conversion(name, method string, methodCode int, parameters ...parameter) string {
	var b strings.Builder
	fmt.Fprintf(&b, `CONVERSION["%s",METHOD["%s",%s]`, name, method, id(methodCode))
	for _, p := range parameters {
		fmt.Fprintf(&b, `,PARAMETER["%s",%s,%s,%s]`, p.name, number(p.value), p.unit, id(p.code))
	}
	return b.String() + "]"
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func falseOrigin(east, north float64) []parameter {
	return []parameter{{"False easting", east, wktMetre, 8806}, {"False northing", north, wktMetre, 8807}}
}

func (geographic) conversion() string { return "" }

func (p *polar) conversion() string {
	text := ""
	if p.k != 0 {
		text = conversion(p.name, "Polar Stereographic (variant A)", 9810, append([]parameter{
			{"Latitude of natural origin", p.parallel, wktDegree, 8801},
			{"Longitude of natural origin", p.origin, wktDegree, 8802},
			{"Scale factor at natural origin", p.k, wktUnity, 8805},
		}, falseOrigin(p.offset, p.offset)...)...)
	} else {
		text = conversion(p.name, "Polar Stereographic (variant B)", 9829, append([]parameter{
			{"Latitude of standard parallel", p.parallel, wktDegree, 8832},
			{"Longitude of origin", p.origin, wktDegree, 8833},
		}, falseOrigin(p.offset, p.offset)...)...)
	}
	// Both axes point away from the pole: y along the meridian of origin in the south, against it in the north.
	direction, along := "north", p.origin
	if p.pole() > 0 {
		direction, along = "south", p.origin+180
	}
	return text + `,CS[Cartesian,2],` + axis("(E)", direction, number(p.origin+90), 1, wktMetre) + `,` + axis("(N)", direction, number(along), 2, wktMetre)
}

func (u utm) conversion() string {
	hemisphere := "N"
	if u.south {
		hemisphere = "S"
	}
	text := conversion(fmt.Sprintf("UTM zone %d%s", u.zone, hemisphere), "Transverse Mercator", 9807, append([]parameter{
		{"Latitude of natural origin", 0, wktDegree, 8801},
		{"Longitude of natural origin", u.middle(), wktDegree, 8802},
		{"Scale factor at natural origin", utmScale, wktUnity, 8805},
	}, falseOrigin(utmEast, u.falseNorthing())...)...)
	return text + `,CS[Cartesian,2],` + axis("(E)", "east", "", 1, wktMetre) + `,` + axis("(N)", "north", "", 2, wktMetre)
}
