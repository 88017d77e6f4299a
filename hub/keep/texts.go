package keep

var english = words{
	depth: map[Depth]string{Names: "names and sizes", Checksums: "checksums", Bytes: "every byte, and manifests"},
	kind: map[Kind]string{
		Missing: "stored by the index, but not there", Orphan: "objects that the index knows nothing of",
		Astray: "stored without a word of it", Leftover: "let go of, but still there",
		WrongSize: "of another size than announced", WrongChecksum: "of another checksum than announced",
		WrongBytes: "with other bytes than announced, or not readable", ManifestMissing: "hours without their manifest",
		ManifestWrong: "hours that their manifest does not prove",
	},
	checked: "Check of depth %d (%s), begun %s, took %s.\n" +
		"%s cameras, %s segments in the index; %s of them stored (%s); %s objects in the store.\n",
	young:    "%s objects were too new to judge.\n",
	clean:    "Index and object store agree.\n",
	unclean:  "Not everything is repaired.\n",
	hint:     "With -repair, what is safe is repaired; with -delete-orphans, objects that nobody knows are deleted.\n",
	repaired: ", repaired %s",
	left:     " (repaired)",
	more:     "  and %s more\n",
	want:     ", announced %s, there %s",
	manifest: "manifest of %s, hour from %s",
	backup:   "Snapshot %s written, %s.\n",
	same:     "Snapshot %s already holds everything; none was written.\n",
	restored: "Restored from the snapshot of %s in %s.\n",
	damaged:  "The snapshot of %s does not read whole and was passed over: %s\n",
	rows:     "  %s: %s rows\n",
	index:    "The index has %s segments again, %s of them stored (%s folded hours, %s journals, %s gaps).\n",
	expired:  "%s segments whose deletion had begun will be deleted.\n",
	holds: "Holds that were placed before %s are in force. What was held after that must be held again;\n" +
		"until %s nothing expires.\n",
	progress: "%s of %s cameras, %s segments, %s objects, %s findings",
	rebuilt:  "%s hours, %s journals, %s segments",
}

var vietnamese = words{
	depth: map[Depth]string{Names: "tên và kích thước", Checksums: "mã kiểm tra", Bytes: "từng byte và bản kê"},
	kind: map[Kind]string{
		Missing: "chỉ mục ghi đã lưu nhưng không còn trong kho", Orphan: "tệp trong kho mà chỉ mục không biết",
		Astray: "đã vào kho mà chưa được ghi nhận", Leftover: "đã hết hạn nhưng vẫn còn trong kho",
		WrongSize: "sai kích thước so với khai báo", WrongChecksum: "sai mã kiểm tra so với khai báo",
		WrongBytes: "nội dung khác khai báo hoặc không đọc được", ManifestMissing: "giờ ghi thiếu bản kê",
		ManifestWrong: "giờ ghi không khớp bản kê",
	},
	checked: "Kiểm tra mức %d (%s), bắt đầu %s, mất %s.\n" +
		"%s camera, %s đoạn ghi trong chỉ mục; %s đoạn đã lưu (%s); %s tệp trong kho.\n",
	young:    "%s tệp còn quá mới, chưa xét.\n",
	clean:    "Chỉ mục và kho khớp nhau.\n",
	unclean:  "Vẫn còn chỗ chưa được sửa.\n",
	hint:     "Thêm -repair để sửa những gì an toàn; thêm -delete-orphans để xóa tệp không ai biết.\n",
	repaired: ", đã sửa %s",
	left:     " (đã sửa)",
	more:     "  và %s chỗ khác\n",
	want:     ", khai báo %s, thực có %s",
	manifest: "bản kê của %s, giờ từ %s",
	backup:   "Đã ghi bản sao %s, %s.\n",
	same:     "Bản sao %s đã có đủ; không ghi bản mới.\n",
	restored: "Đã phục hồi từ bản sao lúc %s, mất %s.\n",
	damaged:  "Bản sao lúc %s không đọc được trọn vẹn nên bỏ qua: %s\n",
	rows:     "  %s: %s dòng\n",
	index:    "Chỉ mục có lại %s đoạn ghi, %s đoạn đã lưu (%s giờ đã đóng, %s nhật ký, %s khoảng trống).\n",
	expired:  "%s đoạn ghi đang xóa dở sẽ được xóa tiếp.\n",
	holds: "Các lệnh giữ hình đặt trước %s vẫn còn hiệu lực. Những gì giữ sau lúc đó phải giữ lại;\n" +
		"đến %s không có gì bị xóa vì hết hạn.\n",
	progress: "%s / %s camera, %s đoạn ghi, %s tệp, %s chỗ sai khác",
	rebuilt:  "%s giờ, %s nhật ký, %s đoạn ghi",
}
