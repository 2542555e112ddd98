import OMEROModel
import OMEROStore

/// Inserts the data of one user in one group: containers, images, a screen, tags and other annotations.
struct SampleObjects {
    private let transaction: WriteTransaction
    private let author: Author
    private let owner: String
    private let group: String

    init(_ transaction: WriteTransaction, _ author: Author, _ user: SampleData.User, _ group: String) {
        self.transaction = transaction
        self.author = author
        self.owner = user.firstName
        self.group = group
    }

    func insert() throws {
        let project = try add(
            "Project",
            [
                "name": .text("\(owner)'s Projekt ☃"),
                "description": .text("In \(group). Zeile 1\nZeile 2: <b>µ</b> & \"'"),
            ]
        )
        var images: [Int64] = []
        for (number, name) in ["Mitose – Übersicht", "有糸分裂"].enumerated() {
            let dataset = try add("Dataset", ["name": .text(name)])
            try link("ProjectDatasetLink", project, dataset)
            for image in 1...3 {
                images.append(try self.image("Zelle_\(number + 1)-\(image).tif", channels: image))
                try link("DatasetImageLink", dataset, images[images.count - 1])
            }
        }
        _ = try add("Dataset", ["name": "Leer"])
        _ = try image("Waise ohne Dataset.ome.tiff", channels: 1)
        try insertScreen()
        try annotate(project, images)
    }

    // MARK: Images

    /// A 16-bit image without binary data.
    private func image(_ name: String, channels: Int) throws -> Int64 {
        let image = try add(
            "Image",
            ["name": .text(name), "acquisitionDate": .time(Timestamp(milliseconds: 1_577_880_000_000))]
        )
        let pixels = try add(
            "Pixels",
            [
                "image": .reference(image), "pixelsType": .entry("uint16"), "dimensionOrder": .entry("XYZCT"),
                "sizeX": 64, "sizeY": 48, "sizeZ": 5, "sizeC": .int(Int64(channels)), "sizeT": 2, "sha1": "Pending...",
                "physicalSizeX": .quantity(0.25, "µm"), "physicalSizeY": .quantity(0.25, "µm"),
                "physicalSizeZ": .quantity(1.5, "µm"),
            ]
        )
        for (name, wave, red, green, blue) in [
            ("DAPI", 461.0, 0, 0, 255), ("GFP", 509, 0, 255, 0), ("mCherry", 610, 255, 0, 0),
        ].prefix(channels) {
            let logical = try add(
                "LogicalChannel",
                ["name": .text(name), "emissionWave": .quantity(wave, "nm")]
            )
            _ = try add(
                "Channel",
                [
                    "pixels": .reference(pixels), "logicalChannel": .reference(logical), "red": .int(Int64(red)),
                    "green": .int(Int64(green)), "blue": .int(Int64(blue)), "alpha": 255,
                ]
            )
        }
        return image
    }

    /// A screen with a plate of 2 × 3 wells, of which the last is empty, and a plate that is in no screen.
    private func insertScreen() throws {
        let screen = try add("Screen", ["name": .text("\(owner)'s Screen Ω"), "type": "RNAi"])
        let plate = try add(
            "Plate",
            [
                "name": "Platte 1", "rows": 2, "columns": 3, "rowNamingConvention": "letter",
                "columnNamingConvention": "number",
            ]
        )
        try link("ScreenPlateLink", screen, plate)
        let run = try add("PlateAcquisition", ["name": "Lauf 1", "plate": .reference(plate), "maximumFieldCount": 1])
        for place in 0..<6 {
            let well = try add(
                "Well",
                ["plate": .reference(plate), "row": .int(Int64(place / 3)), "column": .int(Int64(place % 3))]
            )
            guard place < 5 else { continue }
            let field = try image("Platte 1 [Well \(["A", "B"][place / 3])\(place % 3 + 1)]", channels: 2)
            _ = try add(
                "WellSample",
                ["well": .reference(well), "image": .reference(field), "plateAcquisition": .reference(run)]
            )
        }
        _ = try add("Plate", ["name": "Platte ohne Screen", "rows": 8, "columns": 12])
    }

    // MARK: Annotations

    private func annotate(_ project: Int64, _ images: [Int64]) throws {
        let set = try add(
            "TagAnnotation",
            ["textValue": .text("\(owner)'s Tags"), "ns": "openmicroscopy.org/omero/insight/tagset"]
        )
        for name in ["mitosis", "prüfen ✔︎"] {
            let tag = try add("TagAnnotation", ["textValue": .text(name), "description": "a tag"])
            try link("AnnotationAnnotationLink", set, tag)
            try link("ProjectAnnotationLink", project, tag)
            for image in images.prefix(2) { try link("ImageAnnotationLink", image, tag) }
        }
        guard let image = images.first else { return }
        let others = try [
            add("CommentAnnotation", ["textValue": "Schön! 👍"]),
            add(
                "MapAnnotation",
                [
                    "ns": "openmicroscopy.org/omero/client/mapAnnotation",
                    "mapValue": .map([NamedValue("Gene", "CDC20"), NamedValue("Gene", "β-actin"), NamedValue("", "")]),
                ]
            ),
            add("LongAnnotation", ["longValue": 4, "ns": "openmicroscopy.org/omero/insight/rating"]),
        ]
        for annotation in others { try link("ImageAnnotationLink", image, annotation) }
    }

    // MARK: Rows

    private func add(_ type: String, _ values: [String: StoreValue]) throws -> Int64 {
        try transaction.insertObject(type, values, by: author)
    }

    private func link(_ type: String, _ parent: Int64, _ child: Int64) throws {
        _ = try add(type, ["parent": .reference(parent), "child": .reference(child)])
    }
}
