package config

// status says what becomes of a key.
type status uint8

const (
	supported status = iota
	noEffect         // accepted, and a note says so
	notYet           // refused as "not supported yet"
)

// A key is one line of the reference: where it stands, what it may be, and what it means. In paths "*" is any name and
// "[]" any item of a list.
type key struct {
	path     string
	types    kind
	status   status
	required bool
	open     bool     // a map whose members this package does not know
	enum     []string // the only values; nil: any
	later    []string // values that are refused as not supported yet
	def      string   // the default as the reference shows it
	doc      string
}

// keys is the one table of keys. Order is the order of the reference.
func keys() []key {
	k := dataSourceKeys()
	k = append(k, aggregationKeys()...)
	k = append(k, outputKeys()...)
	return append(k, otherKeys()...)
}

func dataSourceKeys() []key {
	return []key{
		{path: "data_source", types: kindMap, required: true, doc: "What is read."},
		{path: "data_source.reader", types: kindString | kindMap, open: true, later: []string{"raster"}, def: "hdf5", doc: "The product reader. `hdf5` (also `h5coro`, `xarray_s3`) takes its layout from here; others have theirs. Or a map: `name`, and settings for a plugin."},
		{path: "data_source.driver", types: kindString, enum: []string{"s3", "https"}, def: "s3", doc: "Which of a granule's addresses is read."},
		{path: "data_source.groups", types: kindList, doc: "Names put in place of `{group}` in every path, such as beams."},
		{path: "data_source.groups[]", types: kindString, doc: "One group."},
		{path: "data_source.coordinates", types: kindMap, doc: "Datasets with the position of each observation, in WGS84 degrees. Required for `hdf5`."},
		{path: "data_source.coordinates.latitude", types: kindString, required: true, doc: "Path of the latitudes."},
		{path: "data_source.coordinates.longitude", types: kindString, required: true, doc: "Path of the longitudes."},
		{path: "data_source.coordinates.level", types: kindString, doc: "The level whose records have the coordinates, which hold for all observations of a record."},
		{path: "data_source.variables", types: kindMap, doc: "The columns: name → path, name → {path, column, raw, level} or name → {synthesize, level, start, stop}. Required for `hdf5`."},
		{path: "data_source.variables.*", types: kindString | kindMap, doc: "Path of the dataset."},
		{path: "data_source.variables.*.path", types: kindString, doc: "Path of the dataset, which has two axes if there is a column."},
		{path: "data_source.variables.*.column", types: kindInt, doc: "Index along its second axis, from 0."},
		{path: "data_source.variables.*.raw", types: kindBool, def: "false", doc: "Read the dataset as it is stored, whatever its attributes say (_FillValue, scale_factor …). Holds for filters and coordinates on it too."},
		{path: "data_source.variables.*.level", types: kindString, doc: "The level of the dataset: the value of a record is that of each of its observations."},
		{path: "data_source.variables.*.synthesize", types: kindString, enum: []string{"linspace"}, doc: "Values in equal steps along the observations of each record of a level, in place of a path."},
		{path: "data_source.variables.*.start", types: kindString, doc: "Path of the records' first values."},
		{path: "data_source.variables.*.stop", types: kindString, doc: "Path of the records' last values."},
		{path: "data_source.quality_filter", types: kindMap, doc: "Short for one filter with `op: eq`; ignored if `filters` is given."},
		{path: "data_source.quality_filter.dataset", types: kindString, required: true, doc: "Path of the dataset."},
		{path: "data_source.quality_filter.value", types: kindNumber, required: true, doc: "The value an observation must have."},
		{path: "data_source.filters", types: kindList, doc: "Which observations are kept: all filters must hold."},
		{path: "data_source.filters[]", types: kindMap, doc: "One filter: {dataset, op, value} or {expression}."},
		{path: "data_source.filters[].expression", types: kindString, doc: "An expression over the variables with one truth value per observation."},
		{path: "data_source.filters[].dataset", types: kindString, doc: "Path of the dataset to compare."},
		{path: "data_source.filters[].column", types: kindInt, doc: "Index along the second axis of a dataset with two."},
		{path: "data_source.filters[].op", types: kindString, enum: filterOps(), doc: "The comparison."},
		{path: "data_source.filters[].value", types: kindNumber, doc: "What is compared with; not for `in` and `not_in`."},
		{path: "data_source.filters[].values", types: kindList, doc: "What is compared with, for `in` and `not_in`."},
		{path: "data_source.filters[].values[]", types: kindNumber, doc: "One number."},
		{path: "data_source.filters[].keep", types: kindBool, def: "true", doc: "false keeps what does not pass; not for expressions."},
		{path: "data_source.filters[].level", types: kindString, doc: "The level of the dataset: observations of records that fail are not even read, and those of no record are dropped."},
		{path: "data_source.filters[].asset", types: kindString, doc: "The sibling product, of `assets`, the dataset lives in. Records that it has not fail."},
		{path: "data_source.select", types: kindMap, doc: "Which observations are used, by where and when they were made. Part of what a store is; `zagg run --bbox`, `--polygon`, `--start` and `--end` set it."},
		{path: "data_source.select.bbox", types: kindList, doc: "[west, south, east, north] in degrees, borders included; west above east crosses the antimeridian."},
		{path: "data_source.select.bbox[]", types: kindNumber, doc: "One bound."},
		{path: "data_source.select.polygon", types: kindMap, open: true, doc: "GeoJSON of areas, borders included; edges are read as by `zagg catalog` (docs/coverage.md)."},
		{path: "data_source.select.start", types: kindString, doc: "The first instant, UTC: 2019-03-01 or 2019-03-01T12:00:00."},
		{path: "data_source.select.end", types: kindString, doc: "The first instant after, UTC; a day alone is all of that day."},
		{path: "data_source.attributes", types: kindMap, doc: "What the source says of variables, for the attributes of arrays: name → a map. Not part of what a store is."},
		{path: "data_source.attributes.*", types: kindMap, doc: "One variable."},
		{path: "data_source.attributes.*.units", types: kindString, doc: "Its units, where the reader knows none."},
		{path: "data_source.attributes.*.long_name", types: kindString, doc: "What it is called in words."},
		{path: "data_source.attributes.*.standard_name", types: kindString, doc: "Its CF standard name."},
		{path: "data_source.mask_fill", types: kindBool | kindString, enum: []string{"inputs", "row", "true", "false"}, def: "inputs", doc: "A value is missing: `inputs` leaves the row out of arrays that use it; `row`, `true` out of all arrays; `false` takes it as data."},
		{path: "data_source.credentials_provider", types: kindString, doc: "Who gives the credentials to read with."},
		{path: "data_source.footprint_margin", types: kindNumber, doc: "Metres by which `zagg catalog` widens the footprints of granules, at least 0. Left out: what the product needs (docs/coverage.md)."},
		{path: "data_source.read_plan", types: kindMap, doc: "By which level's records the observations of a shard are found. It only saves reading: none is lost."},
		{path: "data_source.read_plan.spatial_index", types: kindString, doc: "A level with coordinates and a link; null: none. Left out: the first such level."},
		{path: "data_source.read_plan.pad", types: kindInt, def: "0", doc: "Records read before and after each one that can reach the shard."},
		{path: "data_source.read_plan.full_read_threshold", types: kindNumber, def: "0.9", doc: "Part of a group's observations, 0 to 1, from which on all are read."},
		{path: "data_source.read_plan.reach", types: kindNumber, def: "1000", doc: "Metres: no observation lies farther from its record's place. What is read is held against half of it."},
		{path: "data_source.read_plan.chunk_boundaries", types: kindAny, status: noEffect, doc: "Chunks are found by the file's own tables, and by a sidecar's boxes."},
		{path: "data_source.index", types: kindString | kindMap, def: "inline", doc: "Where the chunk tables of granules come from: `inline` is the granules themselves, and `hierarchical` means the same."},
		{path: "data_source.index.backend", types: kindString, enum: []string{"inline", "hierarchical", "sidecar"}, def: "inline", doc: "`sidecar` reads the indexes that `zagg index build` makes, where they are found and fit."},
		{path: "data_source.index.store", types: kindString, doc: "Folder or s3:// prefix of the sidecars. Required for `sidecar`."},
		{path: "data_source.index.write_back", types: kindBool, def: "false", doc: "Make the sidecars that are missing or do not fit."},
		{path: "data_source.index.cells", types: kindBool, def: "false", doc: "Use, and with `write_back` make, sidecars of the grid's cells that rows lie in: coordinates are then read only where a statistic or a selection needs them."},
		{path: "data_source.index.write_back_coverage", types: kindAny, status: noEffect, doc: "Sidecars hold what the run reads."},
		{path: "data_source.read_workers", types: kindAny, status: noEffect, doc: "Reading is paced by the store and memory."},
		{path: "data_source.shard_workers", types: kindAny, status: noEffect, doc: "Reading is paced by the store and memory."},
		{path: "data_source.granule_workers", types: kindAny, status: noEffect, doc: "Another name of shard_workers."},
		{path: "data_source.levels", types: kindMap, doc: "Datasets of several lengths: name → a level. One is the observations' own; each record of the others owns a run of observations."},
		{path: "data_source.levels.*", types: kindMap, doc: "One level."},
		{path: "data_source.levels.*.path", types: kindString, doc: "Group of its datasets: names without a slash are below it."},
		{path: "data_source.levels.*.coordinates", types: kindMap | kindList, doc: "Places of its records: {latitude, longitude}, or the two in a list."},
		{path: "data_source.levels.*.coordinates.latitude", types: kindString, required: true, doc: "Path of the latitudes."},
		{path: "data_source.levels.*.coordinates.longitude", types: kindString, required: true, doc: "Path of the longitudes."},
		{path: "data_source.levels.*.coordinates[]", types: kindString, doc: "Latitudes, then longitudes."},
		{path: "data_source.levels.*.variables", types: kindMap, doc: "Columns of the level: name → path or {path, column, raw}."},
		{path: "data_source.levels.*.variables.*", types: kindString | kindMap, doc: "Path of the dataset."},
		{path: "data_source.levels.*.variables.*.path", types: kindString, required: true, doc: "Path of the dataset."},
		{path: "data_source.levels.*.variables.*.column", types: kindInt, doc: "Index along its second axis, from 0."},
		{path: "data_source.levels.*.variables.*.raw", types: kindBool, def: "false", doc: "Read the dataset as it is stored."},
		{path: "data_source.levels.*.variables.*.asset", types: kindString, doc: "The sibling product, of `assets`, the dataset lives in. Records that it has not have no value."},
		{path: "data_source.levels.*.link", types: kindMap, doc: "Which observations each record owns; none for the level of the observations."},
		{path: "data_source.levels.*.link.to", types: kindString, required: true, doc: "The level of the observations."},
		{path: "data_source.levels.*.link.index_beg", types: kindString, required: true, doc: "Path of the numbers of each record's first observation."},
		{path: "data_source.levels.*.link.count", types: kindString, required: true, doc: "Path of the counts; a record may own none."},
		{path: "data_source.levels.*.link.index_base", types: kindInt, def: "0", doc: "The number of the first observation of all."},
		{path: "data_source.levels.*.link.reference_index", types: kindAny, status: notYet, doc: "Null: records own the rows from index_beg on."},
		{path: "data_source.base_level", types: kindString, doc: "The level of the observations. Required with `levels`."},
		{path: "data_source.assets", types: kindMap, doc: "Sibling products, whose files shard maps name beside each granule's, or are among `--granules`: name → how their records are found."},
		{path: "data_source.assets.*", types: kindMap, doc: "One sibling."},
		{path: "data_source.assets.*.files", types: kindString, doc: "Pattern of their names, such as `GEDI02_A_*`: which of `--granules`, or of a catalog, they are. Each goes with the granule of its time, orbit and track."},
		{path: "data_source.assets.*.join", types: kindMap, required: true, doc: "Two datasets of integers, one for each record, by which records are the same."},
		{path: "data_source.assets.*.join.left", types: kindString, required: true, doc: "Path in the granule's own file."},
		{path: "data_source.assets.*.join.right", types: kindString, required: true, doc: "Path in the sibling's."},
		{path: "data_source.files", types: kindMap, doc: "Files that the reader gets beside each granule, by the names it knows them by: a model, a table, corrections."},
		{path: "data_source.files.*", types: kindString, doc: "Path or URL: one file for all granules, or by `{name}`, `{stem}` (the name without its extension) and `{folder}` one beside each."},
		{path: "data_source.bands", types: kindAny, status: notYet, doc: "Raster bands."},
		{path: "data_source.nodata", types: kindAny, status: notYet, doc: "Raster: the value for no data."},
		{path: "data_source.anonymous", types: kindAny, status: notYet, doc: "Raster: unsigned requests."},
		{path: "data_source.source_region", types: kindAny, status: notYet, doc: "Raster: region of the source bucket."},
		{path: "data_source.write_buffer", types: kindAny, status: notYet, doc: "Raster: time steps held."},
		{path: "data_source.collections", types: kindAny, status: notYet, doc: "Temporal pipelines: their inputs."},
		{path: "data_source.static_data", types: kindAny, status: notYet, doc: "Temporal pipelines: static rasters."},
	}
}

func aggregationKeys() []key {
	return []key{
		{path: "aggregation", types: kindMap, required: true, doc: "What is computed."},
		{path: "aggregation.handoff", types: kindAny, status: noEffect, doc: "There is one kind of table."},
		{path: "aggregation.coordinates", types: kindMap, doc: "Type and fill value of coordinate arrays, such as `morton`."},
		{path: "aggregation.coordinates.*", types: kindMap, doc: "One coordinate."},
		{path: "aggregation.coordinates.*.dtype", types: kindString, def: "uint64", doc: "Its type."},
		{path: "aggregation.coordinates.*.fill_value", types: kindNumber | kindString, def: "0", doc: "Its fill value."},
		{path: "aggregation.variables", types: kindMap, required: true, doc: "The arrays: name → how it is computed."},
		{path: "aggregation.variables.*", types: kindMap, doc: "One array. Exactly one of `function` and `expression`."},
		{path: "aggregation.variables.*.function", types: kindString, doc: "A statistic: `len`, `count`, `min`, `max`, `sum`, `mean`, `average`, `median`, `var`, `std`, `quantile`, their `nan` forms, or a plugin's."},
		{path: "aggregation.variables.*.expression", types: kindString, doc: "An expression over the columns of one cell that gives one number, or what `kind` says: an array of `trailing_shape`, rows of `inner_shape`."},
		{path: "aggregation.variables.*.source", types: kindString, doc: "The variable the function reduces. Required except for `len` and `count`."},
		{path: "aggregation.variables.*.params", types: kindMap, doc: "Further arguments of the function."},
		{path: "aggregation.variables.*.params.*", types: kindScalar | kindList | kindMap, open: true, doc: "A constant, a variable's name or an expression over variables; a text that is neither is a constant. `{column: x}`, `{value: x}`, `{expression: x}` say which."},
		{path: "aggregation.variables.*.dtype", types: kindString, def: "float32", doc: "Type of the array."},
		{path: "aggregation.variables.*.fill_value", types: kindNumber | kindString, def: "NaN, or 0 for integers, `len` and `count`", doc: "Value of a cell without observations."},
		{path: "aggregation.variables.*.kind", types: kindString, enum: []string{"scalar", "vector", "ragged"}, doc: "How many numbers a cell has: one, a fixed number, or any number of rows of numbers. Not needed with a function, which says it; of an expression it is scalar."},
		{path: "aggregation.variables.*.trailing_shape", types: kindList | kindInt, doc: "Shape of a cell's numbers; required for `kind: vector` and only for it."},
		{path: "aggregation.variables.*.trailing_shape[]", types: kindInt, doc: "One extent, at least 1."},
		{path: "aggregation.variables.*.attrs", types: kindMap, open: true, doc: "Attributes of the array."},
		{path: "aggregation.variables.*.resolution", types: kindString, enum: []string{"cell", "chunk"}, def: "cell", doc: "One value for each cell, or one for each inner chunk, of all its observations."},
		{path: "aggregation.variables.*.inner_shape", types: kindList | kindInt, doc: "Shape of one row; required for `kind: ragged` and only for it. Expressions that give rows: docs/reading-stores.md."},
		{path: "aggregation.variables.*.inner_shape[]", types: kindInt, doc: "One extent, at least 1."},
		{path: "aggregation.variables.*.location", types: kindString, doc: "Ragged, of a function: `leaf_id`, or a variable of words, puts the place of each row beside it, in the array NAME_locations."},
		{path: "aggregation.variables.*.temporal", types: kindString, enum: []string{"per-centroid", "per-cell"}, doc: "`per-centroid` puts the time of each row of a ragged variable beside it, in NAME_times; `per-cell`: the values are words of time."},
		{path: "aggregation.variables.*.weights", types: kindString, enum: []string{"counts", "flux"}, def: "counts", doc: "Ragged: what weights mean; flux needs attrs.gain {name, version}. (A weight of a function is `params.weights`.)"},
		{path: "aggregation.variables.*.overview_delta", types: kindInt, doc: "Digests: `delta` of the coarser cells that `zagg coarsen` makes; left out: that of the variable."},
		{path: "aggregation.chunk_precompute", types: kindMap, doc: "Numbers computed once for each inner chunk, of all its observations, which expressions of its cells may name."},
		{path: "aggregation.chunk_precompute.*", types: kindMap, doc: "One number. Exactly one of `function` and `expression`. NaN where a chunk has no value."},
		{path: "aggregation.chunk_precompute.*.function", types: kindString, doc: "A statistic."},
		{path: "aggregation.chunk_precompute.*.expression", types: kindString, doc: "An expression over the columns of a chunk that gives one number."},
		{path: "aggregation.chunk_precompute.*.source", types: kindString, doc: "The variable the function reduces."},
		{path: "aggregation.chunk_precompute.*.params", types: kindMap, doc: "Further arguments of the function."},
		{path: "aggregation.chunk_precompute.*.params.*", types: kindScalar | kindList | kindMap, open: true, doc: "As of a variable."},
		{path: "aggregation.chunk_precompute.*.dtype", types: kindString, def: "float32", doc: "float32 or float64: to what the number is rounded."},
		{path: "aggregation.streaming", types: kindAny, status: noEffect, doc: "Memory is bounded by `--memory`, and results do not depend on it."},
	}
}

func outputKeys() []key {
	return []key{
		{path: "output", types: kindMap, required: true, doc: "Where and how it is written."},
		{path: "output.grid", types: kindMap, required: true, open: true, doc: "The grid. Keys other than these two are the grid's own: see `zagg plugins`."},
		{path: "output.grid.type", types: kindString, required: true, doc: "Name of the grid, such as `healpix`."},
		{path: "output.grid.layout", types: kindString, enum: []string{"fullsphere", "compact"}, def: "fullsphere", doc: "`fullsphere`: the arrays cover the whole grid. `compact`: only the shards of the plan, in key order."},
		{path: "output.store", types: kindString, doc: "Path or s3:// address of the store."},
		{path: "output.product_name", types: kindString, doc: "A folder below the store: [a-z0-9_-]{1,192}."},
		{path: "output.store_layout", types: kindString, enum: []string{"flat", "hive"}, def: "flat", doc: "One store, whichever is given."},
		{path: "output.compression", types: kindString | kindMap, enum: []string{"zstd", "none"}, def: "zstd", doc: "How chunks are compressed. `none` gives plain bytes."},
		{path: "output.compression.codec", types: kindString, required: true, enum: []string{"zstd", "none"}, doc: "The codec."},
		{path: "output.compression.level", types: kindInt, def: "3", doc: "Level of zstd, 1 to 22."},
		{path: "output.consolidate_metadata", types: kindBool, def: "true", doc: "Write the metadata of all arrays in the group's too, so that a store opens with one request."},
		{path: "output.endpoint_url", types: kindString, doc: "Address of an S3-compatible service."},
		{path: "output.region", types: kindString, doc: "Region of the store's bucket."},
		{path: "output.aoi_mask", types: kindBool, later: []string{"true"}, def: "false", doc: "An array that marks the cells of the area of interest."},
		{path: "output.format", types: kindString, enum: []string{"zarr"}, later: []string{"parquet", "csv"}, def: "zarr", doc: "Format of the output."},
		{path: "output.sweep", types: kindAny, status: noEffect, doc: "There is nothing to sweep."},
		{path: "output.pyramid", types: kindAny, status: noEffect, doc: "Overviews are made by `zagg coarsen`."},
		{path: "output.coverage_moc", types: kindAny, status: noEffect, doc: "A coverage file is not written."},
		{path: "output.touch", types: kindAny, status: noEffect, doc: "Objects are never touched."},
		{path: "output.windowing", types: kindString | kindMap, doc: "Windows of time, the dimension `time` of every variable: `yearly`, `monthly`, `daily`, or a map with a schedule (docs/windows.md)."},
		{path: "output.windowing.schedule", types: kindString, required: true, enum: []string{"none", "yearly", "monthly", "daily", "explicit"}, later: []string{"quarterly"}, doc: "Years, months or days of UTC, or the spans of `windows`."},
		{path: "output.windowing.time_field", types: kindString, doc: "The variable that tells the time of an observation. Left out: `time_source`, or what the reader says. With `epoch`."},
		{path: "output.windowing.epoch", types: kindString, doc: "The instant of UTC from which it counts, such as 2018-01-01T00:00:00."},
		{path: "output.windowing.scale", types: kindString, enum: []string{"utc", "gps", "tai"}, def: "gps", doc: "`utc`: it does not count leap seconds; `gps`, `tai`: it counts every second since the epoch."},
		{path: "output.windowing.units", types: kindString, enum: []string{"seconds", "days"}, def: "seconds", doc: "Its units."},
		{path: "output.windowing.windows", types: kindList, doc: "Of schedule `explicit`: windows in order of time, none overlapping. More may be added at the end later."},
		{path: "output.windowing.windows[]", types: kindMap, doc: "One window: {label, start, end}, or {label, timestamp} for the second from it."},
		{path: "output.windowing.windows[].label", types: kindString, required: true, doc: "Its name: 1 to 32 letters, digits and hyphens."},
		{path: "output.windowing.windows[].start", types: kindString, doc: "Its first instant, UTC."},
		{path: "output.windowing.windows[].end", types: kindString, doc: "The first instant after it; a day alone is all of that day."},
		{path: "output.windowing.windows[].timestamp", types: kindString, doc: "Its first instant, of a window of one second."},
		{path: "output.time_source", types: kindMap, doc: "The clock of the observations: of what variables with `temporal`, and the column `toc_word`, are made."},
		{path: "output.time_source.field", types: kindString, required: true, doc: "The variable, of whichever level, that counts from the epoch without leap seconds."},
		{path: "output.time_source.epoch", types: kindString, required: true, doc: "The instant of UTC from which it counts, such as 2018-01-01T00:00:00."},
		{path: "output.time_source.scale", types: kindString, enum: []string{"gps", "tai"}, def: "gps", doc: "A scale without leap seconds: both go on alike from the epoch."},
		{path: "output.time_source.units", types: kindString, enum: []string{"seconds", "days"}, def: "seconds", doc: "Its units."},
		{path: "output.time_encoding", types: kindAny, status: notYet, doc: "Raster: how times are written."},
	}
}

func otherKeys() []key {
	return []key{
		{path: "catalog", types: kindString, doc: "Path of the shard map; `--catalog` overrides it."},
		{path: "bounds", types: kindMap, doc: "What the catalog was asked for."},
		{path: "bounds.temporal", types: kindMap, doc: "Time span."},
		{path: "bounds.temporal.start_date", types: kindString, required: true, doc: "First day, YYYY-MM-DD."},
		{path: "bounds.temporal.end_date", types: kindString, required: true, doc: "Last day, YYYY-MM-DD."},
		{path: "bounds.spatial", types: kindAny, open: true, doc: "Area of interest, as the catalog tools take it."},
		{path: "pipeline", types: kindMap, doc: "Kind of run."},
		{path: "pipeline.type", types: kindString, required: true, enum: []string{"spatial"}, later: []string{"temporal", "event"}, def: "spatial", doc: "Observations into cells."},
		{path: "worker", types: kindMap, doc: "Size of the cloud workers."},
		{path: "worker.memory", types: kindInt, enum: []string{"2048", "4096", "8192"}, doc: "MiB."},
		{path: "worker.extra_disk", types: kindBool, def: "false", doc: "The variant with more temporary disk."},
		{path: "plugins", types: kindList, doc: "Plugins in processes of their own, besides those that are linked in."},
		{path: "plugins[]", types: kindMap, doc: "One executable."},
		{path: "plugins[].name", types: kindString, required: true, doc: "The plugin's name."},
		{path: "plugins[].command", types: kindString | kindList, doc: "The executable, or a list with its arguments. Left out: `zagg-plugin-NAME` in `$ZAGG_PLUGIN_PATH` and the user's plugin folder."},
		{path: "plugins[].command[]", types: kindString, doc: "The executable, then arguments."},
		{path: "plugins[].sha256", types: kindString, doc: "Digest of the plugin's code, 64 hexadecimal digits, as `zagg plugins describe` prints it: other code is not started."},
		{path: "plugins[].processes", types: kindInt, def: "1", doc: "Processes that share its calls, for languages whose processes use one core."},
		{path: "plugins[].memory", types: kindString, doc: "The most memory that a process of it may have, such as 2 GiB: one with more is ended, and its call fails. On Linux."},
		{path: "plugins[].as", types: kindString, doc: "Another name for the plugin in this configuration. What it offers is then called `AS.NAME`; where that is one thing, or has the plugin's own name, also `AS`."},
	}
}
