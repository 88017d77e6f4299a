// Package configs holds the example configurations and the village's data.
package configs

import "embed"

// Demo is the sketched road and the homes of the village, under "demo/".
//
//go:embed demo/homes.json demo/road-4a-sketch.osm
var Demo embed.FS
