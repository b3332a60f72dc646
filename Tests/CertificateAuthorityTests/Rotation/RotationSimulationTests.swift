import CertificateAuthority
import Testing

/// Debug builds included, a thousand workloads take some 15 seconds and each other mesh two.
@Suite struct RotationSimulationTests {
  @Test func `ten years of a thousand workloads break no rule`() throws {
    var options = SimulationOptions(seed: 1)
    options.workloads = 1_000
    let findings = try MeshSimulation.run(options)
    #expect(findings.violations.isEmpty, "\(findings.summary)")
    #expect(findings.leaves > 6_000_000)
    #expect(findings.intermediates > 1_000)
    #expect(findings.rootsRetired >= 10)
    #expect(findings.refusals > 0)
    #expect(findings.conflicts > 0)
    let writes = [
      "record intermediate", "drop own intermediate", "prepare", "activate", "retire", "drop of the dead", "prune",
    ]
    for write in writes {
      #expect(findings.crashPoints.isSuperset(of: ["\(write): before", "\(write): after"]))
    }
  }

  @Test(arguments: 2...6 as ClosedRange<UInt64>)
  func `ten years break no rule, whatever the mesh`(seed: UInt64) throws {
    let findings = try MeshSimulation.run(.varied(seed: seed))
    #expect(findings.violations.isEmpty, "\(findings.summary)")
    #expect(findings.rootsRetired >= 10)
    #expect(findings.activationsByProof + findings.activationsByWaiting >= 10)
  }

  @Test func `a longest leaf that changes in the middle of rotations breaks no rule`() throws {
    let options = SimulationOptions.changing(seed: 7)
    let findings = try MeshSimulation.run(options)
    #expect(findings.violations.isEmpty, "\(findings.summary)")
    #expect(findings.policyChanges > 50)
    #expect(findings.rootsRetired >= 10)
  }

  @Test(arguments: 13...16 as ClosedRange<UInt64>)
  func `Pods whose processes end over and over break no rule, and don't fill the state`(seed: UInt64) throws {
    var options = SimulationOptions.varied(seed: seed)
    options.replicas = 2
    options.years = 3
    options.rootLife = 90 * 86_400
    options.hasPods = true
    options.hasCrashLoop = true
    let findings = try MeshSimulation.run(options)
    #expect(findings.violations.isEmpty, "\(findings.summary)")
    #expect(findings.crashes > 20_000)
    #expect(findings.rootsRetired >= 10)
    #expect(findings.mostIntermediates < 100, "\(findings.summary)")
  }

  @Test func `a mesh of those who acknowledge never waits for leaves to end`() throws {
    var options = SimulationOptions(seed: 10)
    options.kinds = [.prompt]
    options.workloads = 30
    options.hasFaults = false
    let findings = try MeshSimulation.run(options)
    #expect(findings.violations.isEmpty, "\(findings.summary)")
    #expect(findings.activationsByProof >= 10)
    #expect(findings.activationsByWaiting == 0)
  }

  @Test func `a root of ten years is replaced before its end`() throws {
    var options = SimulationOptions(seed: 11)
    options.rootLife = RotationPolicy().rootLife
    options.years = 11
    options.workloads = 30
    options.hasCommands = false
    let findings = try MeshSimulation.run(options)
    #expect(findings.violations.isEmpty, "\(findings.summary)")
    #expect(findings.rootsMade == 2)
    #expect(findings.rootsRetired == 1)
  }

  @Test(arguments: SimulationOptions.Sabotage.allCases)
  func `what is done wrong on purpose is found`(sabotage: SimulationOptions.Sabotage) throws {
    var options = sabotage == .forgottenLeafCap ? .changing(seed: 7) : SimulationOptions(seed: 12)
    if sabotage != .forgottenLeafCap { options.years = 2 }
    options.sabotage = sabotage
    if sabotage == .sentIsAcknowledged {
      // Where acknowledgements are what rotation goes by.
      options.kinds = [.prompt, .slow]
      options.hasFaults = false
    }
    let findings = try MeshSimulation.run(options)
    #expect(findings.violations[sabotage.brokenRule] != nil, "\(findings.summary)")
  }
}
