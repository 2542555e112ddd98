// Conditions and values, from what binds least to what binds most.
extension Parser {
    mutating func condition() throws(QueryError) -> Expression {
        try nested { parser throws(QueryError) in
            let offset = parser.current.offset
            var terms = [try parser.conjunction()]
            while parser.take("or") { terms.append(try parser.conjunction(after: terms.count)) }
            return terms.count == 1 ? terms[0] : Expression(offset, .any(terms))
        }
    }

    private mutating func conjunction(after count: Int = 0) throws(QueryError) -> Expression {
        let offset = current.offset
        var terms = [try negation()]
        while take("and") {
            terms.append(try negation())
            try checkTerms(terms.count, offset)
        }
        try checkTerms(count, offset)
        return terms.count == 1 ? terms[0] : Expression(offset, .all(terms))
    }

    private func checkTerms(_ count: Int, _ offset: Int) throws(QueryError) {
        guard count < QueryLimit.terms else {
            throw .at(offset, .unsupported, "more than \(QueryLimit.terms) terms in a row")
        }
    }

    private mutating func negation() throws(QueryError) -> Expression {
        let offset = current.offset
        guard isNext("not"), peek().kind != .symbol(".") else { return try comparison() }
        advance()
        let operand = try nested { parser throws(QueryError) in try parser.negation() }
        return Expression(offset, .not(operand))
    }

    private mutating func comparison() throws(QueryError) -> Expression {
        let offset = current.offset
        let left = try value()
        if case .symbol(let symbol) = current.kind, ["=", "<>", "!=", "<", "<=", ">", ">="].contains(symbol) {
            advance()
            return Expression(offset, .comparison(symbol == "!=" ? "<>" : symbol, left, try value()))
        }
        if take("is") {
            let isNegated = take("not")
            let test: Expression
            if take("null") {
                test = Expression(offset, .isNull(left))
            } else if take("empty") {
                test = Expression(offset, .isEmpty(left))
            } else {
                // OMERO.tagsearch asks so for the class.
                test = Expression(offset, .comparison("=", left, try value()))
            }
            return isNegated ? Expression(offset, .not(test)) : test
        }
        let isNegated = isNext("not") && ["in", "like", "ilike", "between", "member"].contains(peek().word)
        if isNegated { advance() }
        guard let test = try test(of: left, offset) else { return left }
        return isNegated ? Expression(offset, .not(test)) : test
    }

    private mutating func test(of left: Expression, _ offset: Int) throws(QueryError) -> Expression? {
        if take("in") { return try membership(left, offset) }
        if isNext("like") || isNext("ilike") {
            let ignoresCase = isNext("ilike")
            advance()
            let pattern = try value()
            let escape: Expression? = take("escape") ? try value() : nil
            return Expression(offset, .like(left, pattern, ignoresCase: ignoresCase, escape: escape))
        }
        if take("between") {
            let low = try value()
            try expect("and")
            return Expression(offset, .between(left, low, try value()))
        }
        if isNext("member") {
            advance()
            _ = take("of")
            return Expression(offset, .member(left, of: try value()))
        }
        return nil
    }

    /// After `in`: a sub-query, `elements(…)`, a list, or a parameter with or without brackets.
    private mutating func membership(_ left: Expression, _ offset: Int) throws(QueryError) -> Expression {
        if isNext("elements") {
            let elements = try value()
            guard case .elements(let collection) = elements.kind else { throw unexpected("'elements'") }
            return Expression(offset, .member(left, of: collection))
        }
        guard take(symbol: "(") else { return Expression(offset, .inList(left, [try primary()])) }
        if isNext("select") || isNext("from") {
            let query = try statement()
            try expect(symbol: ")")
            return Expression(offset, .inQuery(left, query))
        }
        var values: [Expression] = []
        if !isNext(symbol: ")") {
            repeat { values.append(try value()) } while take(symbol: ",")
        }
        try expect(symbol: ")")
        return Expression(offset, .inList(left, values))
    }

    // MARK: Values

    mutating func value() throws(QueryError) -> Expression {
        try nested { parser throws(QueryError) in
            try parser.chain(["+", "-", "||"]) { parser throws(QueryError) in
                try parser.chain(["*", "/", "%"]) { parser throws(QueryError) in try parser.unary() }
            }
        }
    }

    private mutating func chain(
        _ symbols: Set<String>, _ operand: (inout Parser) throws(QueryError) -> Expression
    ) throws(QueryError) -> Expression {
        var left = try operand(&self)
        var count = 1
        while case .symbol(let symbol) = current.kind, symbols.contains(symbol) {
            advance()
            left = Expression(left.offset, .arithmetic(symbol, left, try operand(&self)))
            count += 1
            try checkTerms(count * 4, left.offset)
        }
        return left
    }

    private mutating func unary() throws(QueryError) -> Expression {
        let offset = current.offset
        if take(symbol: "-") {
            return Expression(offset, .negative(try nested { parser throws(QueryError) in try parser.unary() }))
        }
        if take(symbol: "+") { return try nested { parser throws(QueryError) in try parser.unary() } }
        return try primary()
    }

    private mutating func primary() throws(QueryError) -> Expression {
        let offset = current.offset
        switch current.kind {
        case .parameter(let name): return literal(.parameter(name))
        case .string(let text): return literal(.string(text))
        case .int(let value, let isLong): return literal(.int(value, isLong: isLong))
        case .double(let value): return literal(.double(value))
        case .symbol("("):
            advance()
            let inner: Expression
            if isNext("select") || isNext("from") && peek().kind != .symbol(".") {
                inner = Expression(offset, .query(try statement()))
            } else {
                inner = try condition()
            }
            try expect(symbol: ")")
            return inner
        case .identifier: return try named()
        case .symbol, .end: throw unexpected("a value")
        }
    }

    private mutating func literal(_ kind: Expression.Kind) -> Expression {
        let offset = current.offset
        advance()
        return Expression(offset, kind)
    }

    private mutating func named() throws(QueryError) -> Expression {
        let offset = current.offset
        guard let word = current.word, peek().kind != .symbol(".") else { return Expression(offset, .path(try path())) }
        switch word {
        case "null": return literal(.null)
        case "true", "false": return literal(.bool(word == "true"))
        case "case":
            advance()
            return try cases(offset)
        case "exists", "some", "any", "all":
            if word == "exists" {
                advance()
                return try existence(offset)
            }
            if peek().kind == .symbol("(") {
                throw .at(offset, .unsupported, "'\(word) (…)' is not supported: use exists or in")
            }
        case "from", "select", "where", "group", "order", "and", "or", "in", "then", "else", "when", "end", "having":
            throw unexpected("a value")
        default: break
        }
        guard peek().kind == .symbol("(") else { return Expression(offset, .path(try path())) }
        advance()
        advance()
        return try function(word, offset)
    }

    private mutating func existence(_ offset: Int) throws(QueryError) -> Expression {
        if isNext("elements") {
            let elements = try value()
            guard case .elements(let collection) = elements.kind else { throw unexpected("'elements'") }
            return Expression(offset, .existsElements(collection))
        }
        try expect(symbol: "(")
        let query = try statement()
        try expect(symbol: ")")
        return Expression(offset, .exists(query))
    }

    private mutating func cases(_ offset: Int) throws(QueryError) -> Expression {
        let operand: Expression? = isNext("when") ? nil : try value()
        var branches: [(condition: Expression, value: Expression)] = []
        while take("when") {
            let test: Expression
            if let operand {
                test = Expression(offset, .comparison("=", operand, try value()))
            } else {
                test = try condition()
            }
            try expect("then")
            branches.append((test, try value()))
            try checkTerms(branches.count, offset)
        }
        guard !branches.isEmpty else { throw unexpected("'when'") }
        let otherwise: Expression? = take("else") ? try value() : nil
        try expect("end")
        return Expression(offset, .cases(branches, otherwise: otherwise))
    }

    /// After the opening bracket.
    private mutating func function(_ name: String, _ offset: Int) throws(QueryError) -> Expression {
        switch name {
        case "cast":
            let operand = try value()
            try expect("as")
            let type = try identifier("a type")
            try expect(symbol: ")")
            return Expression(offset, .cast(operand, type.lowercased()))
        case "extract":
            let field = try identifier("a part of a time")
            try expect("from")
            let operand = try value()
            try expect(symbol: ")")
            return Expression(offset, .extract(field.lowercased(), operand))
        case "elements":
            let collection = try value()
            try expect(symbol: ")")
            return Expression(offset, .elements(collection))
        default: break
        }
        var arguments: [Expression] = []
        var isDistinct = false
        if name == "count", take(symbol: "*") {
            try expect(symbol: ")")
            return Expression(offset, .function(name, [], isDistinct: false))
        }
        if !isNext(symbol: ")") {
            isDistinct = take("distinct")
            repeat { arguments.append(try condition()) } while take(symbol: ",")
            try checkTerms(arguments.count, offset)
        }
        try expect(symbol: ")")
        return Expression(offset, .function(name, arguments, isDistinct: isDistinct))
    }
}
