"""The schema of the kiosk, in GraphQL's own language."""

SCHEMA = """
interface ErrorResult { errorCode: String! message: String! }
type InvalidCredentialsError implements ErrorResult { errorCode: String! message: String! }
type Problem implements ErrorResult { errorCode: String! message: String! }
type CurrentUser { id: ID! }
union LoginResult = CurrentUser | InvalidCredentialsError

type Product {
  id: ID! version: Int! name: String! sku: String! price: Int! currencyCode: String! enabled: Boolean!
  onHand: Int! updatedAt: String!
}
type ProductList { items: [Product!]! totalItems: Int! }
input DateOperators { after: String before: String }
input StringOperators { in: [String!] }
input ProductFilter { updatedAt: DateOperators sku: StringOperators }
input ProductOptions { skip: Int take: Int filter: ProductFilter }
union ProductResult = Product | Problem
input UpdateProductInput { id: ID! version: Int name: String sku: String price: Int enabled: Boolean }
input CreateProductInput { name: String! sku: String! price: Int! currencyCode: String! enabled: Boolean }

type Address { street: String city: String zip: String province: String }
type Customer { id: ID! version: Int! email: String! fullName: String! address: Address changed: Float! }
type Paging { more: Boolean! }
type CustomerPage { data: [Customer!]! paging: Paging! }
union CustomerResult = Customer | Problem
input AddressInput { street: String city: String zip: String province: String }
input CustomerInput { fullName: String address: AddressInput }
type CustomerPayload { customer: Customer problems: [Problem!]! }

type Order { id: ID! code: String! total: Int! currencyCode: String! updatedAt: String! }
type OrderList { nodes: [Order!]! count: Int! }
union OrdersResult = OrderList | Problem

type StockLevel { id: ID! sku: String! onHand: Int! }
type StockEdge { node: StockLevel! }
type StockConnection { edges: [StockEdge!]! lastKey: String }
type StockAnswer { status: String! text: String level: StockLevel }

type Query {
  products(options: ProductOptions): ProductList!
  product(id: ID!): Product
  customers(page: Int!, perPage: Int!, changedAfter: Float, changedBefore: Float, email: String): CustomerPage!
  customer(id: ID!): CustomerResult!
  orders(limit: Int!, offset: Int!): OrdersResult!
  stockLevels(limit: Int!, startKey: String): StockConnection!
}
type Mutation {
  login(username: String!, password: String!): LoginResult!
  updateProduct(input: UpdateProductInput!): ProductResult!
  createProduct(input: CreateProductInput!, requestId: String!): ProductResult!
  updateCustomer(id: ID!, input: CustomerInput!): CustomerPayload!
  setStock(id: ID!, onHand: Int!): StockAnswer!
}
"""
