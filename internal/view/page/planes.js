// Projections of the WGS84 ellipsoid to planes in km, as package plot has them (Snyder, Map Projections, 1987).
const rad = Math.PI / 180;
const major = 6378.137, ecc = 0.0818191908426215, mean = 6371.0088, authalicRadius = 6371.0071809;
const e2 = ecc * ecc;

const wrap = (lon) => lon - 360 * Math.floor((lon + 180) / 360);
const conformal = (lat) => {
  const es = ecc * Math.sin(lat * rad);
  return Math.tan(Math.PI / 4 - lat * rad / 2) / Math.pow((1 - es) / (1 + es), ecc / 2);
};
const parallelRadius = (lat) => Math.cos(lat * rad) / Math.sqrt(1 - e2 * Math.sin(lat * rad) ** 2);

// Snyder 3-12 and 3-18.
const q = (sin) => (1 - e2) * (sin / (1 - e2 * sin * sin) - Math.log((1 - ecc * sin) / (1 + ecc * sin)) / (2 * ecc));
const qp = q(1);
const authalic = (lat) => Math.asin(Math.max(-1, Math.min(1, q(Math.sin(lat * rad)) / qp))) / rad;
const geodetic = (b) => {
  const t = b * rad;
  return b + ((e2 / 3 + 31 * e2 ** 2 / 180 + 517 * e2 ** 3 / 5040) * Math.sin(2 * t) + (23 * e2 ** 2 / 360 + 251 * e2 ** 3 / 3780) * Math.sin(4 * t)
    + 761 * e2 ** 3 / 45360 * Math.sin(6 * t)) / rad;
};

function polar(south, lon0, radius, colatitude) {
  const sign = south ? -1 : 1;
  return {
    circle: 0, sign,
    forward(lon, lat) {
      const r = radius(sign * lat), a = (lon - lon0) * rad;
      return [r * Math.sin(a), -sign * r * Math.cos(a)];
    },
    inverse(x, y) {
      return [wrap(Math.atan2(x, -sign * y) / rad + lon0), sign * colatitude(Math.hypot(x, y))];
    },
  };
}

function stereographic(south) {
  const parallel = south ? 71 : 70;
  const factor = major * parallelRadius(parallel) / conformal(parallel);
  return polar(south, south ? 0 : -45, (lat) => factor * conformal(lat), (r) => {
    const t = r / factor;
    let phi = Math.PI / 2 - 2 * Math.atan(t);
    for (let i = 0; i < 6; i++) {
      const es = ecc * Math.sin(phi);
      phi = Math.PI / 2 - 2 * Math.atan(t * Math.pow((1 - es) / (1 + es), ecc / 2));
    }
    return phi / rad;
  });
}

function azimuthal(south) {
  return polar(south, 0, (lat) => 2 * authalicRadius * Math.sin((90 - authalic(lat)) * rad / 2),
    (r) => geodetic(90 - 2 * Math.asin(Math.min(1, r / (2 * authalicRadius))) / rad));
}

function cylinder(perDegree, up, down) {
  return {
    circle: 360 * perDegree, sign: 0,
    forward: (lon, lat) => [wrap(lon) * perDegree, up(lat)],
    inverse: (x, y) => [x / perDegree, down(y)],
  };
}

const k0 = parallelRadius(30);
export const planes = {
  north: stereographic(false),
  south: stereographic(true),
  "equal-north": azimuthal(false),
  "equal-south": azimuthal(true),
  equal: cylinder(rad * major * k0, (lat) => authalicRadius ** 2 * Math.sin(authalic(lat) * rad) / (major * k0),
    (y) => geodetic(Math.asin(Math.max(-1, Math.min(1, y * major * k0 / authalicRadius ** 2))) / rad)),
  plate: cylinder(mean * rad, (lat) => lat * mean * rad, (y) => y / (mean * rad)),
};
