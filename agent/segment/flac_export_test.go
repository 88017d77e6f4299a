package segment

// FLACFrame codes one frame.
func FLACFrame(pcm []int16, channels, rate int, number uint64) []byte {
	e := flacEncoder{channels: channels, rate: rate}
	return e.frame(pcm, number)
}
