package rectilinear

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/proj"
)

const (
	// maxSlots is the most cells of a shard: slots are int32, and the centres of so many are 4 GiB.
	maxSlots = 1 << 28
	// maxSide is the most cells along x or y: the coordinates of so many are written as one chunk of 512 MiB.
	maxSide = 1 << 26
	// maxFineness is how many times the resolution goes into the largest coordinate at most: beyond that, cells are smaller
	// than what a float64 can tell apart with some room.
	maxFineness = 1 << 40
)

// A Config is the grid's settings after checks. Shapes are rows and columns, as in the arrays.
type Config struct {
	CRS        *proj.CRS
	ResX, ResY float64  // size of a cell, units of the CRS
	XMin, YMax float64  // the upper left corner, which stays where it is
	Shape      [2]int64 // cells of the grid, whole shards
	Shard      [2]int64 // cells of a shard, divides Shape
	Chunk      [2]int64 // cells of a chunk, divides Shard
}

// configKeys are the keys; affine and shape stand in a signature, which is one of the grid's configurations, in place of resolution and
// bounds.
var configKeys = [...]string{"type", "crs", "resolution", "bounds", "chunk_shape", "chunk_inner", "sharded", "layout", "affine", "shape"}

// parseConfig reads and checks the JSON. Errors are core.Invalid, or Unsupported for what is well-formed, and name the key.
func parseConfig(config core.Config) (Config, error) {
	s := gridkit.Read(op, config, "crs, resolution and bounds", configKeys[:], nil)
	c := Config{}
	resolution, bounds := make([]float64, 2), make([]float64, 4)
	shard, chunk := []int64{256, 256}, []int64(nil)
	sharded := true
	shape := fromSignature(s)
	s.OneOf("type", "rectilinear")
	s.OneOf("layout", "fullsphere", "compact")
	s.Fail(c.readCRS(s))
	readResolution(s, resolution)
	readNumbers(s, "bounds", "xmin, ymin, xmax and ymax, such as [-3200000, -3200000, 3200000, 3200000]", bounds)
	readShape(s, "chunk_shape", &shard)
	readShape(s, "chunk_inner", &chunk)
	s.Bool("sharded", &sharded)
	if s.Err() != nil {
		return Config{}, s.Err()
	}
	if chunk == nil {
		chunk = shard
	}
	c.ResX, c.ResY, c.XMin, c.YMax = resolution[0], resolution[1], bounds[0], bounds[3]
	c.Shard, c.Chunk = [2]int64(shard), [2]int64(chunk)
	err := firstError(c.checkChunks(), c.checkSharded(s.Get("sharded") != nil, sharded), c.fit(bounds), c.checkPlace(bounds))
	if err == nil && shape != nil && c.Shape != [2]int64(shape) {
		err = badConfig("shape", "[%d, %d] is not made of whole shards of %d by %d cells", shape[0], shape[1], c.Shard[0], c.Shard[1])
	}
	return c, err
}

// fromSignature turns affine and shape, if they are there, into resolution and bounds.
func fromSignature(s *gridkit.Settings) (shape []int64) {
	if s.Get("affine") == nil && s.Get("shape") == nil {
		return nil
	}
	affine := make([]float64, 6)
	readNumbers(s, "affine", "six numbers", affine)
	readShape(s, "shape", &shape)
	switch {
	case s.Err() != nil:
		return nil
	case shape == nil:
		s.Fail(badConfig("shape", "missing; want rows and columns beside affine"))
	case s.Get("resolution") != nil || s.Get("bounds") != nil:
		s.Fail(badConfig("affine", "resolution and bounds say the same: leave one or the other out"))
	case affine[1] != 0 || affine[3] != 0:
		s.Fail(badConfig("affine", "%s: rows and columns must follow x and y, without a turn", s.Get("affine")))
	default:
		dx, dy, xmin, ymax := affine[0], -affine[4], affine[2], affine[5]
		s.Set("resolution", object([]float64{dx, dy}))
		s.Set("bounds", object([]float64{xmin, ymax - dy*float64(shape[0]), xmin + dx*float64(shape[1]), ymax}))
	}
	return shape
}

// readCRS takes "EPSG:3031" in any case, and the number alone.
func (c *Config) readCRS(s *gridkit.Settings) error {
	raw := s.Get("crs")
	if raw == nil {
		return badConfig("crs", "missing; want one of %s", proj.Known)
	}
	text := string(raw)
	if json.Unmarshal(raw, &text) == nil && len(text) > 5 && strings.EqualFold(text[:5], "EPSG:") {
		text = text[5:]
	}
	code, err := strconv.Atoi(text)
	if err != nil {
		return core.Errorf(core.Unsupported, op, "crs", "%.60s is not an EPSG code such as EPSG:3031; have %s", raw, proj.Known)
	}
	var ok bool
	if c.CRS, ok = proj.FromCode(code); !ok {
		return core.Errorf(core.Unsupported, op, "crs", "no projection EPSG:%d in this plugin; have %s", code, proj.Known)
	}
	return nil
}

func (c *Config) checkChunks() error {
	for i := range c.Shard {
		if c.Shard[i]%c.Chunk[i] != 0 {
			return badConfig("chunk_inner", "[%d, %d] does not divide chunk_shape [%d, %d]", c.Chunk[0], c.Chunk[1], c.Shard[0], c.Shard[1])
		}
	}
	if c.Shard[0] > maxSlots || c.Shard[1] > maxSlots/c.Shard[0] {
		return badConfig("chunk_shape", "[%d, %d] are more than %d cells to a shard", c.Shard[0], c.Shard[1], maxSlots)
	}
	return nil
}

// checkSharded: the default is as many chunks to an object as there are in a shard.
func (c *Config) checkSharded(given, sharded bool) error {
	several := c.Chunk != c.Shard
	if !given || sharded == several {
		return nil
	}
	if sharded {
		return badConfig("sharded", "there is one chunk to a shard: give a chunk_inner smaller than chunk_shape, or leave sharded out")
	}
	return core.Errorf(core.Unsupported, op, "sharded", "not supported yet: sharded: false with chunk_inner, which makes several objects of each shard; leave sharded out")
}

// fit makes the grid as large as the bounds need, in whole shards, to the right and downwards.
func (c *Config) fit(bounds []float64) error {
	spans := [2]float64{bounds[3] - bounds[1], bounds[2] - bounds[0]}
	for i, res := range [2]float64{c.ResY, c.ResX} {
		if !(spans[i] > 0) {
			return badConfig("bounds", "xmin must be below xmax and ymin below ymax: they are xmin, ymin, xmax, ymax")
		}
		// A billionth of a cell too much is rounding.
		cells := math.Ceil(spans[i]/res - 1e-9)
		if cells < 1 {
			return badConfig("resolution", "a cell of %v is larger than the bounds, %v", res, spans[i])
		}
		if !(cells <= maxSide) {
			return badConfig("resolution", "%v makes %.0f cells of the bounds, %v; at most %d are possible", res, cells, spans[i], maxSide)
		}
		c.Shape[i] = (int64(cells) + c.Shard[i] - 1) / c.Shard[i] * c.Shard[i]
		if c.Shape[i] > 2*maxSide {
			return badConfig("chunk_shape", "[%d, %d] makes the grid %d cells long; at most %d are possible", c.Shard[0], c.Shard[1], c.Shape[i], 2*maxSide)
		}
	}
	return nil
}

// checkPlace: the grid must have something of the Earth, and its cells must be larger than rounding.
func (c *Config) checkPlace(bounds []float64) error {
	asked := proj.Rect{X0: bounds[0], Y0: bounds[1], X1: bounds[2], Y1: bounds[3]}
	if c.CRS.Geographic {
		switch {
		case asked.X1-asked.X0 > 360*(1+1e-12):
			return badConfig("bounds", "%v to %v is more than once around: a place would have two cells", asked.X0, asked.X1)
		case math.Abs(asked.X0) > 360:
			return badConfig("bounds", "xmin %v is not a longitude within ±360", asked.X0)
		}
	}
	domain := c.CRS.Projection(c.XMin).Domain()
	if part := asked.Clip(domain); !(part.X0 < part.X1 && part.Y0 < part.Y1) {
		return badConfig("bounds", "%v has nothing of %s, which goes from x %.0f to %.0f and y %.0f to %.0f", bounds, c.CRS, domain.X0, domain.X1, domain.Y0, domain.Y1)
	}
	whole := c.rect(0, 0, c.Shape[0], c.Shape[1])
	largest := max(math.Abs(whole.X0), math.Abs(whole.Y0), math.Abs(whole.X1), math.Abs(whole.Y1))
	if res := min(c.ResX, c.ResY); largest/res > maxFineness {
		return badConfig("resolution", "%v is too fine for coordinates as large as %v", res, largest)
	}
	return nil
}

// rect is the rectangle of some rows and columns of cells.
func (c *Config) rect(row, col, rows, cols int64) proj.Rect {
	return proj.Rect{
		X0: c.XMin + float64(col)*c.ResX, X1: c.XMin + float64(col+cols)*c.ResX,
		Y0: c.YMax - float64(row+rows)*c.ResY, Y1: c.YMax - float64(row)*c.ResY,
	}
}
