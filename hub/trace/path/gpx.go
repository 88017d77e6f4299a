package path

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	camera "xulang.vn/camera"
)

// Names of the formats. GPX 1.1 allows elements of other namespaces in extensions alone;
// its hdop and its kin are about satellites and say nothing of a time.
const (
	gpxSpace = "http://www.topografix.com/GPX/1/1"
	ownSpace = "https://xulang.vn/camera/gpx/1"
)

// The elements of GPX 1.1 that are written, in the order of its schema.
type gpxFile struct {
	XMLName xml.Name   `xml:"gpx"`
	Space   string     `xml:"xmlns,attr"`
	Own     string     `xml:"xmlns:xl,attr"`
	Version string     `xml:"version,attr"`
	Creator string     `xml:"creator,attr"`
	Points  []gpxPoint `xml:"wpt"`
	Track   *gpxTrack  `xml:"trk"`
}

type gpxPoint struct {
	Lat   string      `xml:"lat,attr"`
	Lon   string      `xml:"lon,attr"`
	Time  string      `xml:"time"`
	Name  string      `xml:"name,omitempty"`
	Type  string      `xml:"type,omitempty"`
	Extra pointExtras `xml:"extensions"`
}

// pointExtras are a place's: one standard deviation of its time in seconds, and metres
// from the route's beginning.
type pointExtras struct {
	Spread string `xml:"xl:spread"`
	Metre  string `xml:"xl:metre"`
}

type gpxTrack struct {
	Type     string       `xml:"type,omitempty"`
	Segments []gpxSegment `xml:"trkseg"`
}

type gpxSegment struct {
	Points []gpxPoint `xml:"trkpt"`
	Extra  legExtras  `xml:"extensions"`
}

// legExtras are a leg's.
type legExtras struct {
	From        string `xml:"xl:from"` // mark; "" the incident
	To          string `xml:"xl:to"`
	Probability string `xml:"xl:probability"`
	Broken      bool   `xml:"xl:broken"`
	Roads       string `xml:"xl:roads"` // IDs, which hold no space
}

// GPX writes a route as GPX 1.1 (https://www.topografix.com/GPX/1/1/): a waypoint for the
// place of the incident and for each sighting, a track with a segment for each leg.
// Times are in UTC; what GPX has no element for stands in extensions. CodeBadRequest
// for a route with a position that is none.
func GPX(w io.Writer, r camera.Route) error {
	if err := checkRoute(r); err != nil {
		return fmt.Errorf("write gpx: %w", err)
	}
	file := gpxFile{Space: gpxSpace, Own: ownSpace, Version: "1.1", Creator: "xulang.vn/camera"}
	for _, s := range stops(r) {
		p := trackPoint(s.RoutePoint)
		p.Name, p.Type = s.Mark, "sighting"
		if s.incident {
			p.Name, p.Type = "", "incident"
		}
		file.Points = append(file.Points, p)
	}
	if len(r.Legs) > 0 {
		file.Track = &gpxTrack{Type: string(r.Mode)}
	}
	for _, l := range r.Legs {
		s := gpxSegment{Extra: legExtras{
			From: l.From, To: l.To, Broken: l.Broken, Roads: joined(l.Roads), Probability: decimal(l.Probability, 4),
		}}
		for _, x := range l.Points {
			s.Points = append(s.Points, trackPoint(x))
		}
		file.Track.Segments = append(file.Track.Segments, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write gpx: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(file); err != nil {
		return fmt.Errorf("write gpx: %w", err)
	}
	return nil
}

func trackPoint(x camera.RoutePoint) gpxPoint {
	return gpxPoint{
		Lat: degrees(x.Position.Lat), Lon: degrees(x.Position.Lon), Time: stamp(x.At),
		Extra: pointExtras{decimal(x.Spread.Seconds(), 1), decimal(x.Metre, 1)},
	}
}

func decimal(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

func joined(roads []camera.RoadID) string {
	var b strings.Builder
	for i, r := range roads {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(r))
	}
	return b.String()
}
