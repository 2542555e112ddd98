extension Table {
    /// Tables that no type of the model is kept in. The first three are OMERO's; ours has an underscore before its name.
    static let outsideModel: [Table] = [
        Table(
            name: "password",
            columns: [
                Column(name: "experimenter_id", type: .long, isRequired: true, reference: "experimenter"),
                Column(name: "hash", type: .string, length: 255),
                Column(name: "changed", type: .time),
            ],
            primaryKey: ["experimenter_id"]
        ),
        Table(
            name: "configuration",
            columns: [
                Column(name: "name", type: .string, isRequired: true, length: 255), Column(name: "value", type: .text),
            ],
            primaryKey: ["name"]
        ),
        Table(
            name: "_roles",
            columns: ["root_user", "guest_user", "system_group", "user_group", "guest_group"].flatMap { role in
                [
                    Column(name: "\(role)_id", type: .long, isRequired: true),
                    Column(name: "\(role)_name", type: .text, isRequired: true),
                ]
            },
            primaryKey: ["root_user_id"]
        ),
        // OMERO keeps this in memory only, and its sessions end with the process.
        Table(
            name: "_session_state",
            columns: [
                Column(name: "session_id", type: .long, isRequired: true, reference: "session"),
                Column(name: "group_id", type: .long, isRequired: true, reference: "experimentergroup"),
                Column(name: "last_access", type: .time, isRequired: true),
                Column(name: "reference_count", type: .int, isRequired: true),
                Column(name: "has_password", type: .bool, isRequired: true),
            ],
            primaryKey: ["session_id"]
        ),
    ]
}
