"""The messages of the protocol: number -> (name, kind, repeated, oneof). Made by make_schema.py; do not edit."""

MESSAGES: dict[str, dict[int, tuple[str, str, bool, str]]] = {
    "Answer": {
        1: ("ask", "uint32", False, ""),
        2: ("lengths", "int64", True, ""),
        3: ("data", "bytes", False, ""),
        4: ("last", "bool", False, ""),
        5: ("object", "ObjectInfo", False, ""),
        6: ("error", "Error", False, ""),
        7: ("refused", "uint32", False, ""),
    },
    "Ask": {
        1: ("ask", "uint32", False, ""),
        2: ("url", "string", False, ""),
        3: ("ranges", "Range", True, ""),
        4: ("stat", "bool", False, ""),
    },
    "Asset": {
        1: ("name", "string", False, ""),
        2: ("url", "string", False, ""),
    },
    "Axis": {
        1: ("field", "Field", False, ""),
        2: ("start", "double", False, ""),
        3: ("step", "double", False, ""),
    },
    "Batch": {
        1: ("group", "string", False, ""),
        2: ("rows", "uint64", False, ""),
        3: ("refused", "uint64", False, ""),
    },
    "CellsRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("key", "string", False, ""),
    },
    "ColumnFrame": {
        1: ("pieces", "Piece", True, ""),
    },
    "ColumnHead": {
        1: ("name", "string", False, ""),
        2: ("type", "enum", False, ""),
        3: ("width", "uint32", False, ""),
        4: ("rows", "uint64", False, ""),
        5: ("has_offsets", "bool", False, ""),
        6: ("bytes", "uint64", False, ""),
        7: ("fill", "bytes", False, ""),
        8: ("valid", "bytes", False, ""),
    },
    "ComputeRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("slots", "Value", False, ""),
        3: ("offsets", "Value", False, ""),
        4: ("rows", "InputColumn", True, ""),
        5: ("cells", "InputColumn", True, ""),
    },
    "ConfigureRequest": {
        1: ("kind", "enum", False, ""),
        2: ("name", "string", False, ""),
        3: ("config", "bytes", False, ""),
    },
    "CoverPart": {
        1: ("region", "uint32", False, ""),
        2: ("keys", "string", True, ""),
    },
    "CoverReply": {
        1: ("parts", "CoverPart", True, ""),
    },
    "CoverRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("regions", "Region", True, ""),
    },
    "Dim": {
        1: ("name", "string", False, ""),
        2: ("size", "int64", False, ""),
        3: ("shard", "int64", False, ""),
        4: ("chunk", "int64", False, ""),
        5: ("axis", "Axis", False, ""),
    },
    "DropRequest": {
        1: ("ids", "uint64", True, ""),
    },
    "Empty": {
    },
    "Error": {
        1: ("code", "enum", False, ""),
        2: ("op", "string", False, ""),
        3: ("subject", "string", False, ""),
        4: ("text", "string", False, ""),
        5: ("refused", "uint32", False, ""),
    },
    "Field": {
        1: ("name", "string", False, ""),
        2: ("type", "enum", False, ""),
        3: ("width", "uint32", False, ""),
        4: ("ragged", "bool", False, ""),
        5: ("fill", "bytes", False, ""),
        6: ("units", "string", False, ""),
        7: ("attrs", "bytes", False, ""),
    },
    "Filter": {
        1: ("column", "string", False, ""),
        2: ("element", "int64", False, ""),
        3: ("op", "string", False, ""),
        4: ("values", "string", True, ""),
        5: ("drop", "bool", False, ""),
        6: ("level", "string", False, ""),
    },
    "Frame": {
        1: ("group", "string", False, ""),
        2: ("dims", "Dim", True, ""),
        3: ("coords", "Field", True, ""),
        4: ("attrs", "bytes", False, ""),
        5: ("scalars", "Field", True, ""),
        6: ("var_attrs", "bytes", False, ""),
    },
    "Granule": {
        1: ("id", "string", False, ""),
        2: ("assets", "Asset", True, ""),
        3: ("start", "string", False, ""),
        4: ("size", "int64", False, ""),
    },
    "GridInfo": {
        1: ("signature", "bytes", False, ""),
        2: ("frame", "Frame", False, ""),
    },
    "Handle": {
        1: ("handle", "uint64", False, ""),
    },
    "IdentifyReply": {
        1: ("identities", "Identity", True, ""),
    },
    "IdentifyRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("names", "string", True, ""),
    },
    "Identity": {
        1: ("data", "string", False, ""),
        2: ("version", "int64", True, ""),
        3: ("part", "string", False, ""),
    },
    "Input": {
        1: ("name", "string", False, ""),
        2: ("per_cell", "bool", False, ""),
        3: ("optional", "bool", False, ""),
    },
    "InputColumn": {
        1: ("head", "ColumnHead", False, ""),
        2: ("payload", "Value", False, ""),
    },
    "Instance": {
        1: ("handle", "uint64", False, ""),
        2: ("grid", "GridInfo", False, "info"),
        3: ("product", "ProductInfo", False, "info"),
        4: ("statistic", "StatisticInfo", False, "info"),
        5: ("can_name", "bool", False, ""),
        6: ("can_index", "bool", False, ""),
        7: ("can_fold", "bool", False, ""),
        8: ("can_identify", "bool", False, ""),
        9: ("can_locate_in", "bool", False, ""),
    },
    "LocateInReply": {
        1: ("shard", "bytes", False, ""),
        2: ("slot", "bytes", False, ""),
    },
    "LocateInRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("keys", "string", True, ""),
        3: ("lon", "bytes", False, ""),
        4: ("lat", "bytes", False, ""),
    },
    "LocateReply": {
        1: ("slot", "bytes", False, ""),
    },
    "LocateRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("key", "string", False, ""),
        3: ("lon", "bytes", False, ""),
        4: ("lat", "bytes", False, ""),
    },
    "Maker": {
        1: ("kind", "enum", False, ""),
        2: ("name", "string", False, ""),
        3: ("doc", "string", False, ""),
        4: ("schema", "bytes", False, ""),
    },
    "NamesRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("lon", "bytes", False, ""),
        3: ("lat", "bytes", False, ""),
    },
    "ObjectInfo": {
        1: ("url", "string", False, ""),
        2: ("etag", "string", False, ""),
        3: ("size", "int64", False, ""),
        4: ("modified", "string", False, ""),
    },
    "Piece": {
        1: ("head", "ColumnHead", False, ""),
        2: ("data", "bytes", False, ""),
    },
    "PluginInfo": {
        1: ("name", "string", False, ""),
        2: ("version", "string", False, ""),
        3: ("makers", "Maker", True, ""),
    },
    "Polygon": {
        1: ("rings", "bytes", True, ""),
    },
    "ProductInfo": {
        1: ("product", "string", False, ""),
        2: ("version", "string", False, ""),
        3: ("groups", "string", True, ""),
        4: ("columns", "Field", True, ""),
    },
    "Query": {
        1: ("region", "Region", False, ""),
        2: ("columns", "string", True, ""),
        3: ("filters", "Filter", True, ""),
        4: ("rows", "int64", False, ""),
        5: ("count_invalid", "bool", False, ""),
        6: ("memory", "int64", False, ""),
        7: ("request", "int64", False, ""),
    },
    "Range": {
        1: ("offset", "int64", False, ""),
        2: ("length", "int64", False, ""),
    },
    "ReadDone": {
        1: ("rows", "int64", False, ""),
        2: ("emitted", "int64", False, ""),
        3: ("invalid", "int64", False, ""),
        4: ("missing", "string", True, ""),
        5: ("empty", "string", True, ""),
        6: ("index", "enum", False, ""),
        7: ("warnings", "string", True, ""),
    },
    "ReadStart": {
        1: ("handle", "uint64", False, ""),
        2: ("granule", "Granule", False, ""),
        3: ("query", "Query", False, ""),
    },
    "ReadToHost": {
        1: ("ask", "Ask", False, "message"),
        2: ("batch", "Batch", False, "message"),
        3: ("frame", "ColumnFrame", False, "message"),
        4: ("done", "ReadDone", False, "message"),
        5: ("index", "bytes", False, "message"),
    },
    "ReadToPlugin": {
        1: ("start", "ReadStart", False, "message"),
        2: ("answer", "Answer", False, "message"),
    },
    "Region": {
        1: ("polygons", "Polygon", True, ""),
        2: ("margin", "double", False, ""),
        3: ("planar", "bool", False, ""),
        4: ("oriented", "bool", False, ""),
        5: ("straight", "bool", True, ""),
    },
    "Shard": {
        1: ("key", "string", False, ""),
        2: ("label", "string", False, ""),
        3: ("path", "string", True, ""),
        4: ("block", "bytes", False, ""),
        5: ("outline", "Region", False, ""),
        6: ("area_km2", "double", False, ""),
    },
    "ShardsReply": {
        1: ("shards", "Shard", True, ""),
    },
    "ShardsRequest": {
        1: ("handle", "uint64", False, ""),
        2: ("keys", "string", True, ""),
    },
    "StatisticInfo": {
        1: ("inputs", "Input", True, ""),
        2: ("outputs", "Field", True, ""),
    },
    "UploadFrame": {
        1: ("id", "uint64", False, ""),
        2: ("bytes", "uint64", False, ""),
        3: ("data", "bytes", False, ""),
    },
    "Value": {
        1: ("id", "uint64", False, ""),
        2: ("data", "bytes", False, ""),
    },
}
