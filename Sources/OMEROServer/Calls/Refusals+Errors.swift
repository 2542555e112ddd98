import OMEROAccess
import OMEROAPI
import OMEROStore

extension AccessRefusal {
    /// OMERO's exception for a refusal.
    var exception: any Error {
        switch kind {
        case .securityViolation: SecurityViolation(message)
        case .groupSecurityViolation, .permissionMismatch: GroupSecurityViolation(message)
        case .readOnlyGroupSecurityViolation: ReadOnlyGroupSecurityViolation(message)
        case .apiUsage: ApiUsageException(message)
        case .validation: ValidationException(message)
        case .optimisticLock: OptimisticLockException(message)
        }
    }
}

extension StoreError {
    /// OMERO's exception for what the store refuses.
    var exception: any Error {
        switch reason {
        case .notUnique, .missingValue, .invalidValue, .brokenReference, .notFound, .refused:
            ValidationException(description)
        case .unknownName: ApiUsageException(description)
        case .changedMeanwhile: OptimisticLockException(description)
        case .busy: DatabaseBusyException(description)
        case .closed, .readOnly, .storageFailure, .damaged, .cannotOpen, .newerSchema, .internal:
            InternalException(description)
        }
    }
}
