@main struct InjectionFloor { static func main() {} }
