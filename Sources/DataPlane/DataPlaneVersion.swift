/// What the data plane calls itself where it says its version.
package let dataPlaneVersion = "0.1.0"
