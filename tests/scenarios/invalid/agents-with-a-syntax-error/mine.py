class Mine(:
