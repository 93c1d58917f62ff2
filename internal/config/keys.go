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
		{path: "data_source", types: kindMap, required: true, doc: "What to read."},
		{path: "data_source.reader", types: kindString | kindMap, open: true, later: []string{"raster"}, def: "hdf5", doc: "The product reader. `hdf5` (also `h5coro`, `xarray_s3`) takes its layout from this section; others have their own. Or a map: `name`, and settings of a plugin."},
		{path: "data_source.driver", types: kindString, enum: []string{"s3", "https"}, def: "s3", doc: "Which of a granule's addresses to read."},
		{path: "data_source.groups", types: kindList, doc: "Names that replace `{group}` in every path, such as beams."},
		{path: "data_source.groups[]", types: kindString, doc: "One group."},
		{path: "data_source.coordinates", types: kindMap, doc: "Datasets with the position of each observation, in WGS84 degrees. Required for `hdf5`."},
		{path: "data_source.coordinates.latitude", types: kindString, required: true, doc: "Path of the latitudes."},
		{path: "data_source.coordinates.longitude", types: kindString, required: true, doc: "Path of the longitudes."},
		{path: "data_source.coordinates.level", types: kindString, doc: "The level of the coordinates: each observation gets the position of its record."},
		{path: "data_source.variables", types: kindMap, doc: "The columns: name → path, name → {path, column, raw, level} or name → {synthesize, level, start, stop}. Required for `hdf5`."},
		{path: "data_source.variables.*", types: kindString | kindMap, doc: "Path of the dataset."},
		{path: "data_source.variables.*.path", types: kindString, doc: "Path of the dataset; with `column` it has two axes."},
		{path: "data_source.variables.*.column", types: kindInt, doc: "Index along its second axis, from 0."},
		{path: "data_source.variables.*.raw", types: kindBool, def: "false", doc: "Ignore the attributes of the dataset (_FillValue, scale_factor …) and read it as stored. Also applies to filters and coordinates on it."},
		{path: "data_source.variables.*.level", types: kindString, doc: "The level of the dataset: each observation gets the value of its record."},
		{path: "data_source.variables.*.synthesize", types: kindString, enum: []string{"linspace"}, doc: "Instead of a path: values in equal steps along the observations of each record of a level."},
		{path: "data_source.variables.*.start", types: kindString, doc: "Path of the first value of each record."},
		{path: "data_source.variables.*.stop", types: kindString, doc: "Path of the last value of each record."},
		{path: "data_source.quality_filter", types: kindMap, doc: "Shorthand for one filter with `op: eq`; ignored if `filters` is given."},
		{path: "data_source.quality_filter.dataset", types: kindString, required: true, doc: "Path of the dataset."},
		{path: "data_source.quality_filter.value", types: kindNumber, required: true, doc: "The required value."},
		{path: "data_source.filters", types: kindList, doc: "Observations are kept if all filters are true."},
		{path: "data_source.filters[]", types: kindMap, doc: "One filter: {dataset, op, value} or {expression}."},
		{path: "data_source.filters[].expression", types: kindString, doc: "An expression over the variables with one truth value per observation."},
		{path: "data_source.filters[].dataset", types: kindString, doc: "Path of the dataset to compare."},
		{path: "data_source.filters[].column", types: kindInt, doc: "Index along the second axis of a dataset with two."},
		{path: "data_source.filters[].op", types: kindString, enum: filterOps(), doc: "The comparison."},
		{path: "data_source.filters[].value", types: kindNumber, doc: "The value to compare with; not for `in` and `not_in`."},
		{path: "data_source.filters[].values", types: kindList, doc: "The values to compare with, for `in` and `not_in`."},
		{path: "data_source.filters[].values[]", types: kindNumber, doc: "One number."},
		{path: "data_source.filters[].keep", types: kindBool, def: "true", doc: "false inverts the filter; not for expressions."},
		{path: "data_source.filters[].level", types: kindString, doc: "The level of the dataset. Observations of records that fail are not read; observations without a record are dropped."},
		{path: "data_source.filters[].asset", types: kindString, doc: "The sibling product (a name in `assets`) that has the dataset. Records missing there fail."},
		{path: "data_source.select", types: kindMap, doc: "Selects observations by area and time. Part of a store's identity. `zagg run --bbox`, `--polygon`, `--start` and `--end` set it."},
		{path: "data_source.select.bbox", types: kindList, doc: "[west, south, east, north] in degrees, bounds included; west greater than east crosses the antimeridian."},
		{path: "data_source.select.bbox[]", types: kindNumber, doc: "One bound."},
		{path: "data_source.select.polygon", types: kindMap, open: true, doc: "GeoJSON of areas, borders included; edges are read as by `zagg catalog` (docs/coverage.md)."},
		{path: "data_source.select.start", types: kindString, doc: "Start, UTC, included: 2019-03-01 or 2019-03-01T12:00:00."},
		{path: "data_source.select.end", types: kindString, doc: "End, UTC, excluded; a date without a time includes the whole day."},
		{path: "data_source.attributes", types: kindMap, doc: "Attributes of source variables, for the attributes of arrays: name → map. Not part of a store's identity."},
		{path: "data_source.attributes.*", types: kindMap, doc: "One variable."},
		{path: "data_source.attributes.*.units", types: kindString, doc: "Its units, if the reader does not know them."},
		{path: "data_source.attributes.*.long_name", types: kindString, doc: "Its descriptive name."},
		{path: "data_source.attributes.*.standard_name", types: kindString, doc: "Its CF standard name."},
		{path: "data_source.mask_fill", types: kindBool | kindString, enum: []string{"inputs", "row", "true", "false"}, def: "inputs", doc: "Rows with a missing value: `inputs` leaves them out of arrays that use the value; `row`, `true` out of all arrays; `false` uses the value as data."},
		{path: "data_source.credentials_provider", types: kindString, doc: "Archive whose service issues the credentials for reading, or its https:// address (docs/catalog.md)."},
		{path: "data_source.footprint_margin", types: kindNumber, doc: "Metres by which `zagg catalog` widens the footprints of granules, at least 0. Default: docs/catalog.md."},
		{path: "data_source.read_plan", types: kindMap, doc: "How to find the observations of a shard by the positions of records. Saves reading; never loses an observation."},
		{path: "data_source.read_plan.spatial_index", types: kindString, doc: "A level with coordinates and a link; null: none. Default: the first such level."},
		{path: "data_source.read_plan.pad", types: kindInt, def: "0", doc: "Number of additional records to read before and after each record that can reach the shard."},
		{path: "data_source.read_plan.full_read_threshold", types: kindNumber, def: "0.9", doc: "Fraction of a group's observations, 0 to 1, from which on all are read."},
		{path: "data_source.read_plan.reach", types: kindNumber, def: "1000", doc: "Metres: the largest distance of an observation from the position of its record. Observations that are read are checked against half of it."},
		{path: "data_source.read_plan.chunk_boundaries", types: kindAny, status: noEffect, doc: "Chunks are found by the file's own tables and by sidecar indexes."},
		{path: "data_source.index", types: kindString | kindMap, def: "inline", doc: "Where to find the chunk tables of granules: `inline` (same as `hierarchical`) reads them from the granules."},
		{path: "data_source.index.backend", types: kindString, enum: []string{"inline", "hierarchical", "sidecar"}, def: "inline", doc: "`sidecar` uses indexes made by `zagg index build`, if they exist and are current."},
		{path: "data_source.index.store", types: kindString, doc: "Folder or s3:// prefix of the sidecar indexes. Required for `sidecar`."},
		{path: "data_source.index.write_back", types: kindBool, def: "false", doc: "Write indexes that are missing or out of date."},
		{path: "data_source.index.cells", types: kindBool, def: "false", doc: "Use (and with `write_back` write) indexes of the cells of rows. Coordinates are then read only if a statistic or a selection needs them."},
		{path: "data_source.index.write_back_coverage", types: kindAny, status: noEffect, doc: "Sidecar indexes contain what the run reads."},
		{path: "data_source.read_workers", types: kindAny, status: noEffect, doc: "The store and the memory budget determine the concurrency of reads."},
		{path: "data_source.shard_workers", types: kindAny, status: noEffect, doc: "The store and the memory budget determine the concurrency of reads."},
		{path: "data_source.granule_workers", types: kindAny, status: noEffect, doc: "Another name of shard_workers."},
		{path: "data_source.levels", types: kindMap, doc: "Datasets of several lengths: name → level. One level has the observations; each record of another level owns a run of observations."},
		{path: "data_source.levels.*", types: kindMap, doc: "One level."},
		{path: "data_source.levels.*.path", types: kindString, doc: "Group of its datasets: names without a slash are relative to it."},
		{path: "data_source.levels.*.coordinates", types: kindMap | kindList, doc: "Positions of its records: {latitude, longitude}, or the two in a list."},
		{path: "data_source.levels.*.coordinates.latitude", types: kindString, required: true, doc: "Path of the latitudes."},
		{path: "data_source.levels.*.coordinates.longitude", types: kindString, required: true, doc: "Path of the longitudes."},
		{path: "data_source.levels.*.coordinates[]", types: kindString, doc: "Latitudes, then longitudes."},
		{path: "data_source.levels.*.variables", types: kindMap, doc: "Columns of the level: name → path or {path, column, raw}."},
		{path: "data_source.levels.*.variables.*", types: kindString | kindMap, doc: "Path of the dataset."},
		{path: "data_source.levels.*.variables.*.path", types: kindString, required: true, doc: "Path of the dataset."},
		{path: "data_source.levels.*.variables.*.column", types: kindInt, doc: "Index along its second axis, from 0."},
		{path: "data_source.levels.*.variables.*.raw", types: kindBool, def: "false", doc: "Read the dataset as it is stored."},
		{path: "data_source.levels.*.variables.*.asset", types: kindString, doc: "The sibling product (a name in `assets`) that has the dataset. Records missing there have no value."},
		{path: "data_source.levels.*.link", types: kindMap, doc: "Which observations each record owns; not for the level of the observations."},
		{path: "data_source.levels.*.link.to", types: kindString, required: true, doc: "The level of the observations."},
		{path: "data_source.levels.*.link.index_beg", types: kindString, required: true, doc: "Path of the number of each record's first observation."},
		{path: "data_source.levels.*.link.count", types: kindString, required: true, doc: "Path of the number of observations of each record, which may be 0."},
		{path: "data_source.levels.*.link.index_base", types: kindInt, def: "0", doc: "The number of the very first observation."},
		{path: "data_source.levels.*.link.reference_index", types: kindAny, status: notYet, doc: "Null: records own the rows from index_beg on."},
		{path: "data_source.base_level", types: kindString, doc: "The level of the observations. Required with `levels`."},
		{path: "data_source.assets", types: kindMap, doc: "Sibling products: name → how to find their files and records. Their files are in the shard map or among `--granules`."},
		{path: "data_source.assets.*", types: kindMap, doc: "One sibling."},
		{path: "data_source.assets.*.files", types: kindString, doc: "Pattern of their file names, such as `GEDI02_A_*`, in `--granules` or a catalog. Each file belongs to the granule with the same time, orbit and track."},
		{path: "data_source.assets.*.join", types: kindMap, required: true, doc: "Two datasets of integers, one value per record, that identify records."},
		{path: "data_source.assets.*.join.left", types: kindString, required: true, doc: "Path in the granule's own file."},
		{path: "data_source.assets.*.join.right", types: kindString, required: true, doc: "Path in the sibling's."},
		{path: "data_source.files", types: kindMap, doc: "Additional files for the reader, by the names that it expects: a model, a table, corrections."},
		{path: "data_source.files.*", types: kindString, doc: "Path or URL of one file for all granules; or, with `{name}`, `{stem}` (name without extension) and `{folder}`, of one file for each granule."},
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
		{path: "aggregation", types: kindMap, required: true, doc: "What to compute."},
		{path: "aggregation.handoff", types: kindAny, status: noEffect, doc: "There is only one kind of table."},
		{path: "aggregation.coordinates", types: kindMap, doc: "Type and fill value of coordinate arrays, such as `morton`."},
		{path: "aggregation.coordinates.*", types: kindMap, doc: "One coordinate."},
		{path: "aggregation.coordinates.*.dtype", types: kindString, def: "uint64", doc: "Type of the array."},
		{path: "aggregation.coordinates.*.fill_value", types: kindNumber | kindString, def: "0", doc: "Fill value of the array."},
		{path: "aggregation.variables", types: kindMap, required: true, doc: "The arrays of the store: name → how to compute it."},
		{path: "aggregation.variables.*", types: kindMap, doc: "One array. Exactly one of `function` and `expression`."},
		{path: "aggregation.variables.*.function", types: kindString, doc: "A statistic: `len`, `count`, `min`, `max`, `sum`, `mean`, `average`, `median`, `var`, `std`, `quantile`, their `nan` forms, or a plugin's."},
		{path: "aggregation.variables.*.expression", types: kindString, doc: "An expression over the columns of a cell. It returns one number or, depending on `kind`, an array of `trailing_shape` or rows of `inner_shape`."},
		{path: "aggregation.variables.*.source", types: kindString, doc: "The variable the function reduces. Required except for `len` and `count`."},
		{path: "aggregation.variables.*.params", types: kindMap, doc: "Parameters of the function."},
		{path: "aggregation.variables.*.params.*", types: kindScalar | kindList | kindMap, open: true, doc: "A variable's name, an expression over variables, or else a constant. To be explicit: `{column: x}`, `{value: x}`, `{expression: x}`."},
		{path: "aggregation.variables.*.dtype", types: kindString, def: "what a plugin's function returns, else float32", doc: "Type of the array. It must not contradict what a plugin's function returns."},
		{path: "aggregation.variables.*.fill_value", types: kindNumber | kindString, def: "NaN, or 0 for integers, `len` and `count`", doc: "Value of a cell without observations. A plugin's function may have its own default."},
		{path: "aggregation.variables.*.kind", types: kindString, enum: []string{"scalar", "vector", "ragged"}, doc: "Values per cell: one, a fixed number, or any number of rows. A function determines it; for an expression the default is scalar."},
		{path: "aggregation.variables.*.trailing_shape", types: kindList | kindInt, doc: "Shape of a cell's values; required for `kind: vector`, not allowed otherwise."},
		{path: "aggregation.variables.*.trailing_shape[]", types: kindInt, doc: "One extent, at least 1."},
		{path: "aggregation.variables.*.attrs", types: kindMap, open: true, doc: "Attributes of the array."},
		{path: "aggregation.variables.*.resolution", types: kindString, enum: []string{"cell", "chunk"}, def: "cell", doc: "One value per cell, or one per inner chunk, from all its observations."},
		{path: "aggregation.variables.*.inner_shape", types: kindList | kindInt, doc: "Shape of one row; required for `kind: ragged`, not allowed otherwise. Expressions that return rows: docs/reading-stores.md."},
		{path: "aggregation.variables.*.inner_shape[]", types: kindInt, doc: "One extent, at least 1."},
		{path: "aggregation.variables.*.location", types: kindString, doc: "Ragged variables with a function: also store the position of each row, in the array NAME_locations. `leaf_id`, or a variable of packed words."},
		{path: "aggregation.variables.*.temporal", types: kindString, enum: []string{"per-centroid", "per-cell"}, doc: "`per-centroid`: also store the time of each row of a ragged variable, in NAME_times; `per-cell`: the values are packed times."},
		{path: "aggregation.variables.*.weights", types: kindString, enum: []string{"counts", "flux"}, def: "counts", doc: "Ragged: meaning of the weights; flux needs attrs.gain {name, version}. (Weights of a function are `params.weights`.)"},
		{path: "aggregation.variables.*.overview_delta", types: kindInt, doc: "Digests: `delta` of the coarser cells made by `zagg coarsen`. Default: that of the variable."},
		{path: "aggregation.chunk_precompute", types: kindMap, doc: "Numbers computed once per inner chunk from all its observations; expressions of cells may use them by name."},
		{path: "aggregation.chunk_precompute.*", types: kindMap, doc: "One number. Exactly one of `function` and `expression`. NaN where a chunk has no value."},
		{path: "aggregation.chunk_precompute.*.function", types: kindString, doc: "A statistic."},
		{path: "aggregation.chunk_precompute.*.expression", types: kindString, doc: "An expression over the columns of a chunk that returns one number."},
		{path: "aggregation.chunk_precompute.*.source", types: kindString, doc: "The variable the function reduces."},
		{path: "aggregation.chunk_precompute.*.params", types: kindMap, doc: "Parameters of the function."},
		{path: "aggregation.chunk_precompute.*.params.*", types: kindScalar | kindList | kindMap, open: true, doc: "As for a variable."},
		{path: "aggregation.chunk_precompute.*.dtype", types: kindString, def: "as for a variable", doc: "Precision of the number: float32 or float64."},
		{path: "aggregation.streaming", types: kindAny, status: noEffect, doc: "Memory is bounded by `--memory`, and results do not depend on it."},
	}
}

func outputKeys() []key {
	return []key{
		{path: "output", types: kindMap, required: true, doc: "Where and how to write the store."},
		{path: "output.grid", types: kindMap, required: true, open: true, doc: "The grid. Keys other than `type` and `layout` are settings of the grid: see `zagg plugins`."},
		{path: "output.grid.type", types: kindString, required: true, doc: "Name of the grid, such as `healpix`."},
		{path: "output.grid.layout", types: kindString, enum: []string{"fullsphere", "compact"}, def: "fullsphere", doc: "`fullsphere`: the arrays cover the whole grid. `compact`: only the shards of the plan, in key order."},
		{path: "output.store", types: kindString, doc: "Path or s3:// address of the store."},
		{path: "output.product_name", types: kindString, doc: "A folder below `store`: [a-z0-9_-]{1,192}."},
		{path: "output.store_layout", types: kindString, enum: []string{"flat", "hive"}, def: "flat", doc: "Both give a single store."},
		{path: "output.compression", types: kindString | kindMap, enum: []string{"zstd", "none"}, def: "zstd", doc: "Compression of chunks."},
		{path: "output.compression.codec", types: kindString, required: true, enum: []string{"zstd", "none"}, doc: "The codec."},
		{path: "output.compression.level", types: kindInt, def: "3", doc: "Level of zstd, 1 to 22."},
		{path: "output.consolidate_metadata", types: kindBool, def: "true", doc: "Also write the metadata of all arrays into the group's, so that a store opens with one request."},
		{path: "output.endpoint_url", types: kindString, doc: "Address of an S3-compatible service."},
		{path: "output.region", types: kindString, doc: "Region of the store's bucket."},
		{path: "output.aoi_mask", types: kindBool, later: []string{"true"}, def: "false", doc: "An array that marks the cells of the area of interest."},
		{path: "output.format", types: kindString, enum: []string{"zarr"}, later: []string{"parquet", "csv"}, def: "zarr", doc: "Format of the output."},
		{path: "output.sweep", types: kindAny, status: noEffect, doc: "Nothing needs sweeping."},
		{path: "output.pyramid", types: kindAny, status: noEffect, doc: "`zagg coarsen` makes overviews."},
		{path: "output.coverage_moc", types: kindAny, status: noEffect, doc: "No coverage file is written."},
		{path: "output.touch", types: kindAny, status: noEffect, doc: "Objects are never touched."},
		{path: "output.windowing", types: kindString | kindMap, doc: "Windows of time, which become the dimension `time` of every variable: `yearly`, `monthly`, `daily`, or a map with a schedule (docs/windows.md)."},
		{path: "output.windowing.schedule", types: kindString, required: true, enum: []string{"none", "yearly", "monthly", "daily", "explicit"}, later: []string{"quarterly"}, doc: "Years, months or days (UTC), or the windows listed in `windows`."},
		{path: "output.windowing.time_field", types: kindString, doc: "The variable with the time of an observation; needs `epoch`. Default: `time_source`, or the reader's time column."},
		{path: "output.windowing.epoch", types: kindString, doc: "Epoch of the time, UTC, such as 2018-01-01T00:00:00."},
		{path: "output.windowing.scale", types: kindString, enum: []string{"utc", "gps", "tai"}, def: "gps", doc: "`utc`: does not count leap seconds; `gps`, `tai`: count every second since the epoch."},
		{path: "output.windowing.units", types: kindString, enum: []string{"seconds", "days"}, def: "seconds", doc: "Units of the time."},
		{path: "output.windowing.windows", types: kindList, doc: "For `explicit`: windows in order of time, without overlap. Later runs may add windows at the end."},
		{path: "output.windowing.windows[]", types: kindMap, doc: "One window: {label, start, end}, or {label, timestamp} for a window of one second."},
		{path: "output.windowing.windows[].label", types: kindString, required: true, doc: "Name of the window: 1 to 32 letters, digits and hyphens."},
		{path: "output.windowing.windows[].start", types: kindString, doc: "Start, UTC, included."},
		{path: "output.windowing.windows[].end", types: kindString, doc: "End, UTC, excluded; a date without a time includes the whole day."},
		{path: "output.windowing.windows[].timestamp", types: kindString, doc: "Start, UTC, of a window of one second."},
		{path: "output.time_source", types: kindMap, doc: "Time of the observations, for variables with `temporal` and the column `toc_word`."},
		{path: "output.time_source.field", types: kindString, required: true, doc: "The variable, of any level, that counts from the epoch without leap seconds."},
		{path: "output.time_source.epoch", types: kindString, required: true, doc: "Epoch of the time, UTC, such as 2018-01-01T00:00:00."},
		{path: "output.time_source.scale", types: kindString, enum: []string{"gps", "tai"}, def: "gps", doc: "Time scale. Neither has leap seconds, so that both give the same result."},
		{path: "output.time_source.units", types: kindString, enum: []string{"seconds", "days"}, def: "seconds", doc: "Units of the time."},
		{path: "output.time_encoding", types: kindAny, status: notYet, doc: "Raster: how times are written."},
	}
}

func otherKeys() []key {
	return []key{
		{path: "catalog", types: kindString, doc: "Path of the shard map; `--catalog` overrides it."},
		{path: "bounds", types: kindMap, doc: "Time and area of the catalog search."},
		{path: "bounds.temporal", types: kindMap, doc: "Time span."},
		{path: "bounds.temporal.start_date", types: kindString, required: true, doc: "First day, YYYY-MM-DD."},
		{path: "bounds.temporal.end_date", types: kindString, required: true, doc: "Last day, YYYY-MM-DD."},
		{path: "bounds.spatial", types: kindAny, open: true, doc: "Area of interest, as for the catalog tools."},
		{path: "pipeline", types: kindMap, doc: "Kind of run."},
		{path: "pipeline.type", types: kindString, required: true, enum: []string{"spatial"}, later: []string{"temporal", "event"}, def: "spatial", doc: "`spatial`: observations into cells."},
		{path: "worker", types: kindMap, doc: "Size of the cloud workers."},
		{path: "worker.memory", types: kindInt, enum: []string{"2048", "4096", "8192"}, doc: "MiB."},
		{path: "worker.extra_disk", types: kindBool, def: "false", doc: "The variant with more temporary disk."},
		{path: "plugins", types: kindList, doc: "Plugins that run as processes, in addition to those linked in."},
		{path: "plugins[]", types: kindMap, doc: "One plugin."},
		{path: "plugins[].name", types: kindString, required: true, doc: "The plugin's name."},
		{path: "plugins[].command", types: kindString | kindList, doc: "The executable, or a list with its arguments. Default: `zagg-plugin-NAME` in `$ZAGG_PLUGIN_PATH` or the user's plugin folder."},
		{path: "plugins[].command[]", types: kindString, doc: "The executable, then arguments."},
		{path: "plugins[].sha256", types: kindString, doc: "Digest of the plugin's code, 64 hexadecimal digits, as printed by `zagg plugins describe`. Other code is not started."},
		{path: "plugins[].processes", types: kindInt, def: "1", doc: "Number of processes that share its calls, for languages whose processes use one core."},
		{path: "plugins[].memory", types: kindString, doc: "Memory limit of one process, such as 2 GiB. A process that exceeds it is ended, and its call fails. Linux only."},
		{path: "plugins[].as", types: kindString, doc: "Another name for the plugin in this configuration. What it offers is then called `AS.NAME`; a single one, or one with the plugin's own name, also `AS`."},
	}
}
