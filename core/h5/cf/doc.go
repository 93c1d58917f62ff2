// Package cf says what the elements of a dataset mean, by its attributes: which stand for "no value", and how packed
// numbers become values. It follows the CF conventions (sections 2.5.1 and 8.1), the NetCDF User's Guide for what these
// refer to (appendix A, attribute conventions), and xarray's mask_and_scale where they leave room:
//
//   - _FillValue and missing_value, any number of elements each, of any type of number: an element equal to one of them has
//     no value. Where a dataset has neither, HDF5's own fill value counts, if it is not zero, because some writers set
//     nothing else; but never netCDF's default of 8- and 16-bit integers (-127, 255, -32767, 65535), which are data.
//   - valid_min, valid_max, valid_range: an element outside has no value. They are in units of the stored elements, unless
//     those are packed integers and the attribute is a float.
//   - scale_factor, add_offset: the value is stored × scale_factor + add_offset, in float64, and NaN where there is none.
//   - _Unsigned = "true" on signed integers: their bits are those of unsigned ones; "false" the other way round.
//   - flag_values, flag_masks, units and all others change no number.
//
// An attribute of these that cannot be applied, such as a text, is an error that names it: numbers are never read another
// way than the file says without a word.
package cf
