package index

// TakeSegments is what a gap does to segments.
const TakeSegments = takeSegments
