import { Menu } from '../parts/Menu'

interface Props {
  columns: { id: string; title: string }[]
  shown: string[]
  onChange(ids: string[]): void
}

/** Chooses the columns of a table. */
export function Columns({ columns, shown, onChange }: Props) {
  return (
    <Menu title="Columns">
      {columns.map(({ id, title }) => {
        const on = shown.includes(id)
        return (
          <label key={id} className="choice">
            <input
              type="checkbox"
              checked={on}
              disabled={on && shown.length === 1}
              onChange={() => onChange(columns.map((column) => column.id).filter((other) => (other === id ? !on : shown.includes(other))))}
            />
            {title}
          </label>
        )
      })}
    </Menu>
  )
}
