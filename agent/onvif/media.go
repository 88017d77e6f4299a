package onvif

import (
	"context"
	"sync"

	camera "xulang.vn/camera"
)

// profile is a media profile of either service: Media has the configurations in
// it, Media2 under Configurations (Media Service and Media2 Service
// Specifications, GetProfiles).
type profile struct {
	Token   string       `xml:"token,attr"`
	Name    string       `xml:"Name"`
	Source  videoSource  `xml:"VideoSourceConfiguration"`
	Encoder videoEncoder `xml:"VideoEncoderConfiguration"`
	Two     struct {
		Source  videoSource  `xml:"VideoSource"`
		Encoder videoEncoder `xml:"VideoEncoder"`
	} `xml:"Configurations"`
}

type videoSource struct {
	Name  string `xml:"Name"`
	Token string `xml:"SourceToken"`
}

type videoEncoder struct {
	Width  string `xml:"Resolution>Width"`
	Height string `xml:"Resolution>Height"`
}

func (v videoEncoder) size() int {
	return number(v.Width, 0, 20000) * number(v.Height, 0, 20000)
}

func (o *onvifDevice) space() string {
	if o.media2 {
		return nsMedia2
	}
	return nsMedia
}

func (o *onvifDevice) profiles(ctx context.Context) ([]profile, error) {
	type answer struct {
		Profiles []profile `xml:"Profiles"`
	}
	body := `<GetProfiles xmlns="` + nsMedia + `"/>`
	if o.media2 {
		body = `<GetProfiles xmlns="` + nsMedia2 + `"><Type>VideoSource</Type><Type>VideoEncoder</Type></GetProfiles>`
	}
	a, err := call[answer](ctx, o.soap, o.media, o.space(), "GetProfiles", body)
	if err != nil {
		return nil, err
	}
	for i := range a.Profiles {
		p := &a.Profiles[i]
		if p.Source.Token == "" {
			p.Source, p.Encoder = p.Two.Source, p.Two.Encoder
		}
	}
	return a.Profiles, nil
}

// pair are the profiles of one video source: the largest picture and the smallest.
type pair struct{ main, sub profile }

// bySource groups profiles in the order in which their sources come: the channel
// numbers. Profiles without a picture are passed over.
func bySource(all []profile) []pair {
	var out []pair
	at := map[string]int{}
	for _, p := range all {
		if p.Token == "" || p.Source.Token == "" || len(p.Token) > mostText || len(p.Source.Token) > mostText {
			continue
		}
		i, ok := at[p.Source.Token]
		switch {
		case !ok && len(out) == mostChannels:
			continue
		case !ok:
			at[p.Source.Token] = len(out)
			out = append(out, pair{main: p})
			continue
		case p.Encoder.size() > out[i].main.Encoder.size():
			if out[i].sub.Token == "" {
				out[i].sub = out[i].main
			}
			out[i].main = p
		case p.Encoder.size() < out[i].main.Encoder.size() && (out[i].sub.Token == "" || p.Encoder.size() < out[i].sub.Encoder.size()):
			out[i].sub = p
		}
	}
	return out
}

// callsAtOnce is how many calls one device gets at the same time.
const callsAtOnce = 3

// channels asks for the addresses of each source. One that does not tell the
// address of its main stream is left out; the others keep their numbers.
func (o *onvifDevice) channels(ctx context.Context) ([]Channel, error) {
	all, err := o.profiles(ctx)
	if err != nil {
		return nil, err
	}
	pairs := bySource(all)
	out, errs := make([]Channel, len(pairs)), make([]error, len(pairs))
	var wait sync.WaitGroup
	free := make(chan struct{}, callsAtOnce)
	for i, p := range pairs {
		wait.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			out[i], errs[i] = o.channel(ctx, i, p)
		})
	}
	wait.Wait()
	kept := out[:0]
	for i, c := range out {
		if errs[i] == nil {
			kept = append(kept, c)
			continue
		}
		err = errs[i]
	}
	if len(kept) == 0 && err != nil {
		return nil, err
	}
	return kept, nil
}

func (o *onvifDevice) channel(ctx context.Context, i int, p pair) (Channel, error) {
	c := Channel{
		Number: i, Name: first(clean(p.main.Source.Name), clean(p.main.Name)),
		Token: p.main.Token, SourceToken: p.main.Source.Token,
	}
	var err error
	if c.MainURL, err = o.stream(ctx, p.main.Token); err != nil {
		return Channel{}, err
	}
	if p.sub.Token != "" {
		// Without the small stream the main one does.
		c.SubURL, _ = o.stream(ctx, p.sub.Token)
	}
	// A device without pictures still streams.
	c.SnapshotURL, _ = o.snapshot(ctx, p.main.Token)
	return c, nil
}

// mediaURI is Media's answer, Uri in MediaUri, and Media2's, Uri alone.
type mediaURI struct {
	One string `xml:"MediaUri>Uri"`
	Two string `xml:"Uri"`
}

func (o *onvifDevice) stream(ctx context.Context, token string) (string, error) {
	body := `<GetStreamUri xmlns="` + nsMedia + `"><StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>` +
		`<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></StreamSetup><ProfileToken>` + escape(token) + `</ProfileToken></GetStreamUri>`
	if o.media2 {
		body = `<GetStreamUri xmlns="` + nsMedia2 + `"><Protocol>RTSP</Protocol><ProfileToken>` + escape(token) + `</ProfileToken></GetStreamUri>`
	}
	a, err := call[mediaURI](ctx, o.soap, o.media, o.space(), "GetStreamUri", body)
	if err != nil {
		return "", err
	}
	return o.soap.plain.rewrite(first(a.One, a.Two), "rtsp", "rtsps")
}

func (o *onvifDevice) snapshot(ctx context.Context, token string) (string, error) {
	a, err := call[mediaURI](ctx, o.soap, o.media, o.space(), "GetSnapshotUri",
		`<GetSnapshotUri xmlns="`+o.space()+`"><ProfileToken>`+escape(token)+`</ProfileToken></GetSnapshotUri>`)
	if err != nil {
		return "", err
	}
	return o.soap.plain.rewrite(first(a.One, a.Two), "http", "https")
}

// streamOnly is a device of which only a stream's address is known.
type streamOnly struct{ d *Device }

func (s streamOnly) channels(context.Context) ([]Channel, error) {
	address, err := s.d.web.rewrite(s.d.found.XAddr, "rtsp", "rtsps")
	if err != nil {
		return nil, err
	}
	return []Channel{{Name: s.d.found.Name, MainURL: address}}, nil
}

func (streamOnly) clock(context.Context) (reading, error) {
	return reading{}, camera.Errorf(camera.CodeNotFound, "device only streams: it tells no time")
}
