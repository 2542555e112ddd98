internal import Foundation

func processorCount() -> Int { ProcessInfo.processInfo.activeProcessorCount }
