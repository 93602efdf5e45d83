internal import BerayAPI
internal import HTTPTypes
internal import Hummingbird

extension Response {
  /// Answers with a JSON value.
  static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
    .json(json.serializedBytes(), status: status)
  }

  /// Answers with bytes that are already JSON.
  static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  static func message(_ text: String) -> Response { .json(["message": .string(text)]) }
}
