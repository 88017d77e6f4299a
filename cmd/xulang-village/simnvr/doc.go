// Package simnvr is a household's recorder (NVR) of the demo village: several
// channels, live pictures, a past that is overwritten, a clock that is wrong and
// few sessions. It stands for real devices that were not at hand, and was written
// from public documents alone:
//
//   - ONVIF Core (WS-Discovery, user authentication, access classes), Media,
//     Recording Search and Replay Control service specifications, and the
//     Streaming specification's chapter "Playback" (onvif-replay, header extension
//     0xABAC).
//   - Hikvision "IP Surveillance API (RaCM Part) User Guide" 2.0 for
//     /ISAPI/ContentMgmt, and the ISAPI documents for /ISAPI/System, /Streaming and
//     /Security.
//   - Dahua "HTTP API": "Get Real-Time Stream", "Get Playback Stream", "Get
//     Snapshot", the magicBox, global and configManager groups, "Find Media Files".
//   - RTSP 1.0 (RFC 2326), digest (RFC 2617), RTP (RFC 3550).
//
// Where the documents are silent, field reports decided: Hikvision writes local
// time with a Z behind it (switch TrueUTC), may run past endtime (switch RunsOn);
// the second playback of Hikvision gets RTSP 453, that of Dahua 401; five wrong
// passwords lock the account for 30 minutes. That Hikvision and Dahua answer 404
// for a time that was overwritten, and lock by account instead of by address, is an
// assumption of this simulation.
//
// It differs from real devices in that it speaks RTSP over TCP only, one session a
// connection; that its small stream is told to be 320×180 while it shows the main
// stream's pictures, and is not recorded; that ONVIF's media profiles call H.265
// H264, since the Media service has no name for it (the pictures and their SDP are
// what they are); and that a new clock offset moves the whole past with it.
package simnvr
