package proj

import "math"

// The WGS84 ellipsoid.
const (
	semimajor         = 6378137.0
	inverseFlattening = 298.257223563
	eccentricity      = 0.081819190842621494335 // √(f(2-f))
)

// east is how far a longitude is east of another one, give or take turns. The longitude may be any number.
func east(lon, of float64) float64 {
	if math.Abs(lon) > 360 {
		lon = math.Mod(lon, 360) // exact, as the difference would not be
	}
	return lon - of
}

// sincos is the sine and cosine of an angle in degrees within some turns. Quarter turns are taken off exactly; what is left is within 45°,
// where polynomials found by interpolation at Chebyshev nodes with 60 digits are off by less than 1e-16.
func sincos(angle float64) (sin, cos float64) {
	quarters := math.RoundToEven(angle * (1.0 / 90))
	r := (angle - 90*quarters) * (1.0 / 45)
	z := r * r
	s := r * (0.78539816339744830714 + z*(-0.080745512188280539466+z*(0.0024903945701888438479+z*(-0.000036576204158913874935+
		z*(3.1336162254334162211e-7+z*(-1.7571500746983934092e-9+z*6.8773605731663256272e-12))))))
	c := 1 + z*(-0.30842513753404245296+z*(0.015854344243815419319+z*(-0.00032599188692673764224+z*(3.5908604460279520345e-6+
		z*(-2.4611364033652596137e-8+z*(1.1500512028217341338e-10+z*-3.858189007341667731e-13))))))
	switch int64(quarters) & 3 {
	case 1:
		return c, -s
	case 2:
		return -s, -c
	case 3:
		return -c, s
	}
	return s, c
}

// tangent is the tangent of half the conformal colatitude, t of the Guidance Note, for a geodetic colatitude in degrees in
// [0, 180]; NaN for any other. Up to 48° it is a polynomial in units of 45°, found like those of sincos, which is off by
// less than 2e-16 of the value.
func tangent(colatitude float64) float64 {
	if colatitude >= 0 && colatitude <= 48 {
		x := colatitude * (1.0 / 45)
		z := x * x
		return x * (0.39534270710742125646 + z*(0.019500500174624634735+z*(0.0012561421124941426118+z*(0.000076628606169155244634+
			z*(4.8532493994312070519e-6+z*(2.9996347525912228767e-7+z*(1.8919926729797932497e-8+z*(1.1810267054892818825e-9+
				z*(6.858316625537971081e-11+z*6.621848912924949543e-12)))))))))
	}
	if !(colatitude >= 0 && colatitude <= 180) {
		return math.NaN()
	}
	_, cos := sincos(colatitude)
	return math.Tan(colatitude/2*radian) * math.Exp(eccentricity*math.Atanh(eccentricity*cos))
}

// Coefficients of sin 2kχ', k = 1…6, in conformal minus geodetic colatitude, χ' being the conformal one, in radians: the
// Fourier coefficients of the exact relation, evaluated with 60 digits (their series in the third flattening are in
// Karney 2022, On auxiliary latitudes, arXiv:2212.05818), with the signs that colatitudes need. What is left out is below
// 3e-18 rad.
const (
	colat1 = 0.0033565514691328321888
	colat2 = -6.5718731986276970786e-6
	colat3 = 1.7646404113343270872e-8
	colat4 = -5.3877540683992094349e-11
	colat5 = 1.7639829049873024993e-13
	colat6 = -6.0345363280209865351e-16
)

// colatitude is the geodetic colatitude of a conformal one, both in radians.
func colatitude(conformal float64) float64 {
	s, c := math.Sincos(2 * conformal)
	x := 2 * c
	b6 := colat6
	b5 := colat5 + x*b6
	b4 := colat4 + x*b5 - b6
	b3 := colat3 + x*b4 - b5
	b2 := colat2 + x*b3 - b4
	b1 := colat1 + x*b2 - b3
	return conformal - s*b1
}
