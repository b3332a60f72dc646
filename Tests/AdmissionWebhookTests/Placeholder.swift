import Testing
@Suite struct AdmissionWebhookPlaceholder { @Test func t() {} }
