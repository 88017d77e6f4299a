package api

import (
	"strings"

	camera "xulang.vn/camera"
)

// words has a sentence for every code, Vietnamese and English.
var words = map[camera.Code][2]string{
	camera.CodeInternal:       {"Trung tâm gặp lỗi. Thao tác chưa được thực hiện; xin thử lại.", "The hub met an error. Nothing was done; please try again."},
	camera.CodeUnavailable:    {"Một bộ phận cần thiết đang không trả lời. Xin thử lại sau ít phút.", "A part that is needed does not answer. Please try again in a few minutes."},
	camera.CodeNotFound:       {"Không tìm thấy.", "Not found."},
	camera.CodeUnknownRoad:    {"Không có tuyến đường này trong bản đồ của trung tâm.", "The hub's map has no such road."},
	camera.CodeUnknownSegment: {"Không có đoạn ghi này.", "There is no such segment."},
	camera.CodeNoFootage:      {"Không có hình để phát trong khoảng thời gian này.", "There is nothing to play in this window."},
	camera.CodeBadRequest:     {"Yêu cầu chưa đúng: có ô còn thiếu hoặc sai.", "The request is not right: something is missing or wrong."},
	camera.CodeBadClaim:       {"Thông báo của thiết bị tự mâu thuẫn nên bị từ chối.", "The device's message contradicts itself and was refused."},
	camera.CodeFutureClaim:    {"Thông báo nói về thời gian chưa tới nên bị từ chối.", "The message speaks of a time that has not come and was refused."},
	camera.CodeBadVersion:     {"Thiết bị dùng phiên bản khác; xin cập nhật thiết bị kết nối.", "The device speaks another version; please update the agent."},
	camera.CodeNoCase:         {"Phải mở vụ việc trước khi xem.", "Open a case before you look."},
	camera.CodeBadWindow:      {"Khoảng thời gian không hợp lệ: phải kết thúc sau khi bắt đầu và không quá 6 giờ.", "The window is not valid: it must end after it starts and be at most 6 hours."},
	camera.CodeBadStretch:     {"Đoạn đường không hợp lệ: hai điểm phải nằm trên cùng một tuyến đường.", "The stretch is not valid: both points must lie on one road."},
	camera.CodeOffRoad:        {"Điểm này cách xa mọi tuyến đường.", "This point is too far from any road."},
	camera.CodeTooLarge:       {"Yêu cầu quá rộng: nhiều nhất 5 km đường và 40 camera mỗi lần.", "The request is too wide: at most 5 km of road and 40 cameras at a time."},
	camera.CodeSignedOut:      {"Chưa đăng nhập, hoặc tên đăng nhập hay mật khẩu không đúng.", "You are not signed in, or the sign-in name or password is wrong."},
	camera.CodeForbidden:      {"Tài khoản này không được phép làm việc đó.", "This account is not allowed to do that."},
	camera.CodeForeignCamera:  {"Camera này không thuộc thiết bị đó.", "This camera does not belong to that device."},
	camera.CodeNoConsent:      {"Hộ gia đình không chia sẻ camera này cho việc đó.", "The household does not share this camera for that."},
	camera.CodePaused:         {"Hộ gia đình đang tạm dừng camera này.", "The household has paused this camera."},
	camera.CodeAskOwner:       {"Hộ gia đình muốn được hỏi từng lần. Hãy gửi yêu cầu; chỉ xem được sau khi họ đồng ý.", "The household wants to be asked each time. Send a request; it can be seen once they have said yes."},
	camera.CodeQuarantined:    {"Hai thiết bị cùng dùng một danh tính nên cả hai bị cách ly. Mời lại hộ này.", "Two boxes came with one identity, so both are set apart. Invite the household again."},
	camera.CodeBadCertificate: {"Chứng thư của trung tâm không khớp với lời mời.", "The hub's certificate does not fit the invitation."},
	camera.CodeOutsideLAN:     {"Địa chỉ này nằm ngoài mạng trong nhà mà hộ gia đình đã xác nhận.", "This address lies outside of the home network that the household confirmed."},
	camera.CodeWrongPassword:  {"Đầu ghi hoặc camera không nhận tên hoặc mật khẩu này.", "The recorder or camera does not take this name or password."},
	camera.CodeLockedOut:      {"Đầu ghi đang khóa đăng nhập một lúc. Xin chờ rồi thử lại.", "The recorder has locked sign-in for a while. Please wait and try again."},
	camera.CodeClockSkew:      {"Đồng hồ của đầu ghi sai quá nhiều. Xin chỉnh giờ của đầu ghi.", "The recorder's clock is too far off. Please set it."},
	camera.CodeRecorderFull:   {"Đầu ghi đang phục vụ hết số lượt xem của nó. Hệ thống tự thử lại.", "The recorder serves as many as it can. It is tried again by itself."},
	camera.CodeNoPicture:      {"Camera không cho hình nào xem được.", "The camera gives no picture that can be shown."},
	camera.CodeCaseClosed:     {"Vụ việc đã đóng, không xem thêm được.", "The case is closed; nothing more can be looked at."},
	camera.CodeUsedCode:       {"Mã mời không đúng, đã dùng hoặc đã hết hạn. Xin một mã mới.", "The invitation code is wrong, used or too old. Please ask for a new one."},
	camera.CodeConflict:       {"Đã có rồi: tên hoặc số này đã được dùng.", "That exists already: the name or number is taken."},
	camera.CodeLiveCodec:      {"Camera này phát H.265, trình duyệt không xem trực tiếp được. Vẫn xem lại được nếu máy có hỗ trợ.", "This camera sends H.265, which browsers cannot show live. Recorded footage plays where the machine supports it."},
	camera.CodeTooMany:        {"Thử quá nhiều lần. Xin chờ một lát rồi thử lại.", "Too many attempts. Please wait a little and try again."},
	camera.CodeUnreachable:    {"Thiết bị ở nhà này đang mất kết nối.", "The device at this home has no link now."},
}

// sentence picks Vietnamese unless the reader asks for English first.
func sentence(code camera.Code, acceptLanguage string) string {
	w, ok := words[code]
	if !ok {
		w = words[camera.CodeInternal]
	}
	if first, _, _ := strings.Cut(acceptLanguage, ","); strings.HasPrefix(strings.ToLower(strings.TrimSpace(first)), "en") {
		return w[1]
	}
	return w[0]
}
